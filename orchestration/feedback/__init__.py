"""Feedback: what the units answer on their lists, checked and made raw data like any other.

Belongs here: reading filled workbooks and outcome files of `feedback/`, checking each answer, writing the
accepted ones into landing and a reply for whoever answered. Not here: how a workbook looks
(`orchestration.worklists`), landing files (`orchestration.landing`), when it happens (`orchestration/defs`).
"""

from orchestration.feedback.taking import FeedbackSummary, dropped_files, take_feedback

__all__ = ["FeedbackSummary", "dropped_files", "take_feedback"]
