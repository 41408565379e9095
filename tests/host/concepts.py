# SPDX-License-Identifier: MIT
"""What docs/concepts.md names exists; see scripts/check-concepts."""

import subprocess
import sys

sys.exit(subprocess.run(["scripts/check-concepts"], check=False).returncode)
