"""The commands, one in each module: functions of their options."""
