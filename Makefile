# The two commands of the README. Everything they need goes into .venv and .tox.
PYTHON ?= python3

.PHONY: verify test demo clean

verify: .venv/ready
	.venv/bin/scratchnet verify

# pyenv hides every interpreter but one: show tox all of them.
test: .venv/ready
	PYENV_VERSION=$${PYENV_VERSION:-$$(pyenv versions --bare 2>/dev/null | grep '^3' | sort --reverse --version-sort | paste -sd:)} \
	.venv/bin/tox run

demo: .venv/ready
	.venv/bin/scratchnet train --compare --out demo

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --upgrade pip
	.venv/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[torch,report]" tox
	touch $@

clean:
	rm -rf .venv .tox demo
