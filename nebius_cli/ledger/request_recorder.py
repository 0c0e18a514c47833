"""Records each request in the ledger when its answer has ended.

A problem with the ledger never stops a request or changes its exit code; it only causes one warning.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property, partial
from typing import TYPE_CHECKING

from nebius_cli.config.run_settings import RunSettings
from nebius_cli.core.errors_and_exit_codes import LedgerError, NetworkError, TimedOutError
from nebius_cli.core.prices_and_costs import FREE, UNKNOWN_PRICE, Price
from nebius_cli.ledger.entry import Entry, StoredText, cost_of
from nebius_cli.ledger.ledger_database import Ledger
from nebius_cli.ledger.ledger_with_timeout import LEDGER_TIMEOUT_S, LedgerAccess
from nebius_cli.ledger.sqlite_file import BusyError
from nebius_cli.models.model import price_from_answer
from nebius_cli.models.model_and_price_cache import ModelsCache
from nebius_cli.request import read_prompt
from nebius_cli.system.streams import Streams

if TYPE_CHECKING:
    from nebius_cli.api.send_completion import Exchange
    from nebius_cli.ledger.day_and_month_budgets import Budgets

LOCAL = "local"  # the host of requests to the embedded engine


class LedgerRecorder:
    """Records the requests of one run in the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        settings: RunSettings,
        cache: ModelsCache,
        streams: Streams,
        warn: Callable[[str], None],
    ) -> None:
        self.ledger = ledger
        self._access = LedgerAccess(ledger, warn)
        self._settings = settings
        self._cache = cache
        self._streams = streams
        self._broken = False  # whether the database cannot be written; rows then go to a pending file

    @cached_property
    def budgets(self) -> "Budgets":
        """The budgets in the settings."""
        from nebius_cli.ledger.day_and_month_budgets import Budgets

        return Budgets(self._access, self._settings, self.price, self._streams.now)

    @property
    def has_budget(self) -> bool:
        """Whether a budget is set."""
        return self._settings.has_budget

    def price(self, model: str) -> Price:
        """Return the price of a model from the cached list, without using the network."""
        stored = self._cache.read()
        return price_from_answer(stored.value, model) if stored else UNKNOWN_PRICE

    def write(self, entries: Sequence[Entry], *, spent: Decimal | None = None) -> bool:
        """Write entries, and return whether they are in the database. Warns once if they are not.

        `spent` is the part of the reserved USD that these entries cost. After a permanent failure, nothing
        more is written.
        """
        if self._access.failed:
            return False
        try:
            return self._access.run(partial(self._write, entries, spent))
        except LedgerError as error:
            self._access.failed = True
            self._access.warn_once("failed", error.line)
        except TimedOutError:  # the disk hangs
            self._access.failed = True
            self._access.warn_once(
                "failed", f"cannot write the ledger {self.ledger.path} within {LEDGER_TIMEOUT_S:g} s"
            )
        return False

    def _write(self, entries: Sequence[Entry], spent: Decimal | None) -> bool:
        """Write entries to the database, or else to a pending file. Raises LedgerError if both fail."""
        why = f"another program has locked {self.ledger.path}"
        if not self._broken:
            try:
                # A bulk run waits only once for another program to release the database.
                self.ledger.append(entries, spent=spent, timeout_s=0.0 if self._access.held else None)
            except BusyError:
                self._access.held = True
            except LedgerError as error:
                self._broken, why = True, error.line
            else:
                self._access.held = False
                return True
        try:
            self.ledger.write_to_pending_file(entries)
        except LedgerError as error:
            raise LedgerError(why if self._broken else f"{why}; {error.line}") from None
        self._access.warn_once("pending", f"{why}; the entry is saved in a file beside it and added later")
        return False

    def write_exchange(self, exchange: "Exchange", code: int, *, local: bool) -> None:
        """Write an entry for each request that an exchange sent; `code` is the exit code of the run."""
        if entries := self._entries(exchange, code, local=local):
            self.write(entries)
        if self._settings.has_budget:
            self.budgets.release()
        self.close()

    def close(self) -> None:
        """Close the ledger, unless a write to it hangs."""
        self._access.close()

    def _entries(self, exchange: "Exchange", code: int, *, local: bool) -> list[Entry]:
        request, end = exchange.request, self._streams.monotonic()
        model = request.model
        price = FREE if local else self.price(model)
        host = LOCAL if local else exchange.host
        unix_offset = self._streams.now() - end  # Unix time at 0 on the monotonic clock
        entries = []
        for sent in exchange.sent:
            error = sent.error
            if isinstance(error, NetworkError) and not error.sent:
                continue
            last = sent is exchange.sent[-1]
            usage = sent.completion.usage
            entries.append(
                Entry(
                    unix_offset + sent.at,
                    model,
                    code if last else int(error.code) if error else code,
                    usage,
                    price,
                    cost_of(usage, price, error),
                    (sent.ended_at or end) - sent.at,
                    None if sent.first_token_at is None else sent.first_token_at - sent.at,
                    ",".join(sent.completion.reasons()),
                    self._settings.profile or "",
                    host,
                    request_id=sent.request_id,
                    text=self._text(exchange) if last and self._settings.history_text else None,
                )
            )
        return entries

    def _text(self, exchange: "Exchange") -> StoredText | None:
        request = exchange.request
        body = request.encode()
        choices = exchange.completion.choices
        answers = tuple(choices[index].text for index in sorted(choices))
        for what, texts in (("prompt", [body.decode()]), ("answer", answers)):
            if any(map(exchange.shows_key, texts)):
                self._access.warn_once("key", f"the {what} contains the API key: the text is not stored")
                return None
        return StoredText(body, request.query(), read_prompt.as_text(request.prompt), answers)
