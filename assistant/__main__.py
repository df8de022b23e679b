"""`python -m assistant` is `codart`."""

from assistant.cli import main

if __name__ == "__main__":
    main()
