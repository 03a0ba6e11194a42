import unittest

from ..prices import discounted, shown, total


class Prices(unittest.TestCase):
    def test_an_order_is_the_sum_of_its_lines(self) -> None:
        self.assertEqual(total([(2, 150), (1, 99)]), 399)

    def test_a_price_is_shown_with_two_digits(self) -> None:
        self.assertEqual(shown(305), "3.05")

    def test_a_discount_is_taken_off(self) -> None:
        self.assertEqual(discounted(1000, 10), 900)
