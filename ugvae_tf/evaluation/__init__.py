"""Measures: functions of codes and labels as arrays; and sampling of the groups that are measured."""
