"""Virtual machines as tests: what tests/vm/*_test.py share. Start with vm.py."""
