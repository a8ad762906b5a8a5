"""What early stopping goes back to."""

from typing import Any, NamedTuple

_LESS_LOSS = 0.01  # nats that count as an improvement


class Best(NamedTuple):
    """What did best on held-out rows, and when anything got better last.

    Attributes
    ----------
    score, loss : float
    epoch : int
        After which the state was that.
    state : NamedTuple
    lowest : float
        The lowest loss of all, which may be that of another state.
    moved : int
        The last epoch that brought a higher score or a lower loss.
    """

    score: float
    loss: float
    epoch: int
    state: Any
    lowest: float
    moved: int

    def after(self, score, loss, epoch, state):
        """With an epoch more: the highest score is best, of equal ones the lower loss.

        While a network has not begun to tell classes apart, its losses fall alone.
        """
        lower = loss < self.lowest - _LESS_LOSS
        best = self
        if score > self.score or (
            score == self.score and loss < self.loss - _LESS_LOSS
        ):
            best = best._replace(score=score, loss=loss, epoch=epoch, state=state)
        lowest = loss if lower else self.lowest
        moved = epoch if lower or best is not self else self.moved
        return best._replace(lowest=lowest, moved=moved)
