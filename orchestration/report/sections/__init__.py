"""The sections of the report, a module each: `section(context)` asks, finds the message and shows it.

Belongs here: questions in SQL, messages from figures. Not here: words (`texts.csv`), drawing, HTML. A section
whose tables are not there says so in one line.
"""
