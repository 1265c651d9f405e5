#!/usr/bin/env bash
# Everything that wants a GPU, within 30 minutes: install, tests/gpu, the gate, the benchmark.
#
#   benchmarks/on_gpu.sh FOLDER
#
# What fails is noted and the next step is taken; the exit code is the worst of all. Left
# in FOLDER: report.xml (JUnit), gpu.json and gpu.md (figures, with device, driver,
# versions, commit, flags, date), facts.txt, log.txt and steps.txt.
#
# ON_GPU_PYTHON   an interpreter that has everything: nothing is installed
# ON_GPU_BASE     the interpreter that the environment is made with; python3
# ON_GPU_DEVICE   cuda; with cpu the steps are tried without a GPU: tests on a simulated
#                 device, the benchmark quickly
# ON_GPU_SECONDS  1800, for all steps together
set -euo pipefail

if [ $# -ne 1 ]; then
    echo "usage: $0 FOLDER" >&2
    exit 2
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

device=${ON_GPU_DEVICE:-cuda}
required=$device
if [ "$device" = cpu ]; then required=simulated:gpu; fi
python=${ON_GPU_PYTHON:-build/on_gpu/bin/python}
seconds=${ON_GPU_SECONDS:-1800}
worst=0

# A report of an earlier run must not pass for one of this.
rm -f "$out"/{report.xml,gpu.json,gpu.md,facts.txt,log.txt,steps.txt}

# As in tox.ini: cuBLAS repeats itself to the bit, and small arrays have one thread.
export CUBLAS_WORKSPACE_CONFIG=:4096:8
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

install() {
    "${ON_GPU_BASE:-python3}" -m venv --clear build/on_gpu
    # Groups of pyproject.toml are known to pip from 25.1 on.
    "$python" -m pip install --quiet --upgrade "pip>=25.1"
    "$python" -m pip install --quiet --constraint constraints.txt \
        --editable ".[torch,report]" --group test
}

facts() {
    {
        date -u +%FT%TZ
        git rev-parse HEAD || echo "commit ${GITHUB_SHA:-unknown}"
        nvidia-smi || echo "there is no nvidia-smi"
        "$python" -m pip freeze || echo "there is no pip"
        scratchnet doctor
    } >"$out/facts.txt"
}

tests() {
    "$python" -m pytest tests/gpu --hypothesis-profile gpu \
        --numprocesses auto --maxprocesses 4 --dist worksteal \
        --scratchnet-require "$required" --scratchnet-floors tests/gpu/floors.json \
        --junitxml="$out/report.xml"
}

gate() {
    scratchnet gate "$out/report.xml" --require "$required" \
        --floors tests/gpu/floors.json
}

figures() {
    local quick=()
    if [ "$device" = cpu ]; then quick=(--quick); fi
    "$python" benchmarks/gpu.py --device "$device" --json "$out/gpu.json" \
        ${quick[@]+"${quick[@]}"} >"$out/gpu.md"
}

scratchnet() {
    "$python" -c "from scratchnet.cli import main; main()" "$@"
}

# step NAME LIMIT: the function of this name, within so many seconds and what is left.
step() {
    local name=$1 limit=$2 began=$SECONDS code=0
    local left=$((seconds - SECONDS))
    limit=$((limit < left ? limit : left))
    echo "== $name" >>"$out/log.txt"
    if [ "$limit" -gt 0 ]; then
        # A shell of its own: only a command can be stopped, and -e holds in it.
        timeout --kill-after=10 "$limit" bash -euo pipefail -c "$name" \
            >>"$out/log.txt" 2>&1 || code=$?
    else
        code=124
        echo "no time was left" >>"$out/log.txt"
    fi
    if [ "$code" -ne 0 ]; then tail -n 20 "$out/log.txt" >&2; fi
    worst=$((code > worst ? code : worst))
    echo "$name: exit code $code after $((SECONDS - began)) s" | tee -a "$out/steps.txt"
}

export device out python required
export -f install facts tests gate figures scratchnet

if [ -z "${ON_GPU_PYTHON:-}" ]; then step install 600; fi
step facts 60
step tests 720
step gate 60
step figures 360
exit "$worst"
