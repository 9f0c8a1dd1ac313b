"""Scripts: what happens in a sandbox by itself, because its time has come or because a client did something."""

from mockexchange.sandbox.script.runner import DUE_MAX, Script, ScriptOverrun, ScriptTooLong
from mockexchange.sandbox.script.steps import Step

__all__ = ["DUE_MAX", "Script", "ScriptOverrun", "ScriptTooLong", "Step"]
