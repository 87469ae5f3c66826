"""Virtual machines as tests: what tests/vm/*_test.py share. Start with vm.py.

What does not care where it runs - oracles, slots, the crash table's cells - is that of tests/e2e;
where both have a module of one name, this folder's counts.
"""

import os

__path__.append(os.path.join(os.path.dirname(__file__), "..", "..", "e2e", "harness"))
