// Work on texts off the lane, for those operations that compare or combine them.
#pragma once

#include <utility>

#include "agent.hpp"

namespace drafting {

// `work()` off the lane, a Result<T>; `done(value, responder)` on it.
template <class T, class W, class D>
void Drafting::compute(noa::Responder responder, W work, D done) {
    task(std::move(work), [this, responder = std::move(responder),
                           done = std::move(done)](noa::Result<T> result) mutable {
        if (closing_) {
            return; // redelivered to the next generation
        }
        if (result) {
            done(*std::move(result), std::move(responder));
        } else {
            responder.fail(result.error());
        }
    });
}

// `then(first, second, to, responder)` with the texts of two versions, `to` absent: now.
template <class F>
void Drafting::with_texts(const std::string& id, Version from, std::optional<Version> to,
                          noa::Responder responder, F then) {
    using Texts = std::pair<Text, Text>;
    with_draft(
        id, std::move(responder),
        [this, id, from, to, then = std::move(then)](OpenDraft& draft,
                                                     noa::Responder back) mutable {
            const Version now = draft.authority.version();
            const auto good = [now](Version version) { return version >= 0 && version <= now; };
            if (!good(from) || !good(to.value_or(now))) {
                back.fail(noa::not_found("there is no such version: the newest is " +
                                         std::to_string(now)));
                return;
            }
            when_committed(std::move(back), [this, id, from, to = to.value_or(now), now,
                                             text = draft.authority.text(),
                                             then = std::move(then)](noa::Responder rest) mutable {
                look<Texts>(
                    std::move(rest),
                    [id, from, to, now, text](Reader& reader) -> Stored<Texts> {
                        auto first = from == now ? Stored<Text>(text) : reader.text_at(id, from);
                        auto second = to == now ? Stored<Text>(text) : reader.text_at(id, to);
                        if (!first || !second) {
                            return first ? second.error() : first.error();
                        }
                        return Texts(*std::move(first), *std::move(second));
                    },
                    [then = std::move(then), to](Texts both, noa::Responder last) mutable {
                        then(std::move(both.first), std::move(both.second), to, std::move(last));
                    });
            });
        });
}

} // namespace drafting
