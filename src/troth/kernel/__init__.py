"""What every part stands on: time, identifiers, money, units of work, jobs and configuration.

Nothing here knows the web, an SQL dialect or a person.
"""
