"""PYTHONPATH=tests/oracle:tests/fuzz:tests/kernel python -m kernel_lab --minutes 5"""

import sys

from kernel_lab.command import main

if __name__ == "__main__":
    sys.exit(main())
