"""The one exception that means: what the user gave us cannot be used."""


class InputError(ValueError):
    """Bad input from outside: a file, a protocol, an option.

    The message is one line, names the file and key at fault and says what was expected.
    The command line prints it as it is; any other exception is a bug and keeps its traceback.
    """
