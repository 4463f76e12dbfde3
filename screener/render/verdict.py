"""The verdict on a report's basket in one sentence, in English or Chinese.

What is not known is said to be unknown: a window that is not finished, an order that nobody could
have filled, a broker none of whose calls is mature.
"""

from __future__ import annotations

from screener.render.score_words import Language
from screener.workflows.study.verdict import BrokerRecord, PlaceboRecord, Verdict

__all__ = ["verdict_text"]


def verdict_text(found: Verdict, language: Language = Language.EN) -> str:
    """Return the verdict as text, two sentences at most for the basket and one for each broker."""
    parts = _ENGLISH if language is Language.EN else _CHINESE
    said = [parts.basket(found)]
    said += [parts.broker(record) for record in found.brokers]
    if not found.brokers:
        said.append(parts.no_broker())
    return parts.joint.join(said)


def _percent(value: float, *, signed: bool = True) -> str:
    text = f"{value * 100:+.2f}" if signed else f"{value * 100:.0f}"
    return text.replace("-", "−") + " %"


class _English:
    joint = " "

    def _name(self, found: Verdict) -> str:
        report = f"{found.report} (date estimated)" if found.estimated else found.report
        return " · ".join(part for part in (report, found.basket) if part)

    def basket(self, found: Verdict) -> str:
        name = self._name(found)
        if found.paper_return is None:
            return f"{name}: nothing could be held, so that there is nothing to say."
        if not found.finished:
            return (
                f"{name}: {found.sessions_held} of {found.horizon} sessions are over, with "
                f"{_percent(found.paper_return)} on paper so far: not enough data to say."
            )
        told = [
            f"{name} returned {_percent(found.paper_return)} on paper in {found.horizon} sessions"
        ]
        if found.executable_return is None:
            told.append("it could not be traded to the end")
        elif found.capital is not None:
            told.append(
                f"{_percent(found.executable_return)} as you could have traded it with "
                f"{found.capital:,.0f} CNY"
            )
        told.append(self._placebo(found.placebo))
        return ", ".join(told) + "."

    def _placebo(self, placebo: PlaceboRecord | None) -> str:
        if placebo is None:
            return "and no random baskets to compare it with"
        more = "more" if placebo.excess >= 0 else "less"
        matched = "matched random baskets" if placebo.matched_on else "random baskets"
        size = f"{abs(placebo.excess) * 100:.2f} points {more} than {matched}"
        return f"{size} (p = {placebo.p_value:.3f})"

    def broker(self, record: BrokerRecord) -> str:
        if record.rate is None or record.interval is None:
            return (
                f"None of {record.broker}'s calls is mature: not enough data to say whether it "
                "meets its own rating."
            )
        low, high = (_percent(end, signed=False) for end in record.interval)
        chance = (
            "what chance alone gives is not known"
            if record.base_rate is None
            else f"where chance alone gives {_percent(record.base_rate, signed=False)}"
        )
        rate = _percent(record.rate, signed=False)
        calls = (
            "its 1 matured call" if record.matured == 1 else f"its {record.matured} matured calls"
        )
        told = f"{record.broker} has met its own rating in {rate} of {calls} [{low}, {high}]"
        return f"{told}, {chance}."

    def no_broker(self) -> str:
        return "No broker stands behind it whose rating could be judged."


class _Chinese:
    joint = ""

    def _name(self, found: Verdict) -> str:
        report = f"{found.report}（日期为估计）" if found.estimated else found.report
        return " · ".join(part for part in (report, found.basket) if part)

    def basket(self, found: Verdict) -> str:
        name = self._name(found)
        if found.paper_return is None:
            return f"{name}：没有可持有的标的，无从评价。"
        if not found.finished:
            return (
                f"{name}：持有 {found.horizon} 个交易日，目前仅过 {found.sessions_held} 个，"
                f"账面收益 {_percent(found.paper_return)}：数据不足，无法下结论。"
            )
        told = [f"{name}：{found.horizon} 个交易日账面收益 {_percent(found.paper_return)}"]
        if found.executable_return is None:
            told.append("到期未能全部卖出")
        elif found.capital is not None:
            told.append(
                f"以 {found.capital:,.0f} 元实际可交易的收益 {_percent(found.executable_return)}"
            )
        told.append(self._placebo(found.placebo))
        return "，".join(told) + "。"

    def _placebo(self, placebo: PlaceboRecord | None) -> str:
        if placebo is None:
            return "没有可比的随机组合"
        more = "高" if placebo.excess >= 0 else "低"
        matched = "匹配的随机组合" if placebo.matched_on else "随机组合"
        size = f"比{matched}{more} {abs(placebo.excess) * 100:.2f} 个百分点"
        return f"{size}（p = {placebo.p_value:.3f}）"

    def broker(self, record: BrokerRecord) -> str:
        if record.rate is None or record.interval is None:
            return f"{record.broker}尚无到期的评级：数据不足，无法判断其是否达到自身的评级定义。"
        low, high = (_percent(end, signed=False) for end in record.interval)
        chance = (
            "随机水平未知"
            if record.base_rate is None
            else f"随机水平为 {_percent(record.base_rate, signed=False)}"
        )
        rate = _percent(record.rate, signed=False)
        return (
            f"{record.broker}已到期的 {record.matured} 次评级中 {rate} 达到其自身定义"
            f"［{low}，{high}］，{chance}。"
        )

    def no_broker(self) -> str:
        return "背后没有可评判其评级的券商。"


_ENGLISH, _CHINESE = _English(), _Chinese()
