"""What is recorded of numbers."""

from backend.audit.acts import ActName


class Acts(ActName):
    """Acts upon blocks of numbers."""

    NUMBER_BLOCK_ISSUED = "number_block.issued", "Numbers were set aside for a unit.", "unit", "size"
    NUMBER_BLOCK_RETURNED = (
        "number_block.returned",
        "A block was taken back; its numbers that no person has are void.",
        "unit",
        "unused",
    )
