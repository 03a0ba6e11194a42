import unittest

from ..listing import listing
from ..stock import Stock


class Shelves(unittest.TestCase):
    def setUp(self) -> None:
        self.stock = Stock()
        self.stock.add("Left-handed widget", 3)

    def test_what_was_taken_is_gone(self) -> None:
        self.stock.take("Left-handed widget", 2)
        self.assertEqual(self.stock.count("Left-handed widget"), 1)

    def test_what_is_not_there_cannot_be_taken(self) -> None:
        with self.assertRaises(ValueError):
            self.stock.take("Left-handed widget", 4)

    def test_the_list_names_every_widget(self) -> None:
        self.assertIn("Left-handed widget: 3", listing(self.stock))
