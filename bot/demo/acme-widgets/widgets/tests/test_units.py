import unittest

from ..units import pieces


class Units(unittest.TestCase):
    def test_a_pair_is_two(self) -> None:
        self.assertEqual(pieces(3, "pair"), 6)
