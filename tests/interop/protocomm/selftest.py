#!/usr/bin/env python3
"""The vectors, then the client against the device. See README.md."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

MODULES = ('test_vectors', 'test_security', 'test_flows', 'test_transports')

if __name__ == '__main__':
    tests = unittest.defaultTestLoader.loadTestsFromNames(MODULES)
    result = unittest.TextTestRunner(verbosity=1 + ('-v' in sys.argv)).run(tests)
    sys.exit(not result.wasSuccessful())
