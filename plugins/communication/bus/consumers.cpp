// Consumers: entries handed out, settled, and handed out again.
#include <algorithm>
#include <utility>

#include "agent.hpp"
#include "stream_texts.hpp"

namespace communication {

namespace {

constexpr std::size_t most_items = 1000;
constexpr std::int64_t most_window = 100'000;
constexpr std::size_t most_waiting = 4096;
constexpr double longest_patience_s = 600;
constexpr Millis longest_ms = 365LL * 86'400'000;

Millis wait_ms(noa::Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

noa::Result<From> from_of(const ConsumerRequest& request) {
    if (!request.since.empty()) {
        const auto date = parse_date(request.since);
        return date ? noa::Result<From>(From{From::Kind::date, *date})
                    : noa::Result<From>(date.error());
    }
    if (request.position > 0) {
        return From{From::Kind::position, request.position};
    }
    if (request.from != "first" && request.from != "next") {
        return noa::invalid("/from: expected first or next");
    }
    return From{request.from == "first" ? From::Kind::first : From::Kind::next, 0};
}

} // namespace

void Communication::set_up_consumers(noa::Setup& setup) {
    setup.operation("consumer.set", "Gives a stream a consumer, or that other terms",
                    [this](const ConsumerRequest& request, noa::Responder responder) {
                        set_consumer(request, std::move(responder));
                    });
    setup.operation("consumer.seek", "Moves a consumer; what it has under way is over",
                    [this](const ConsumerRequest& request, noa::Responder responder) {
                        seek(request, std::move(responder));
                    });
    setup.operation(
        "consumer.drop", "Takes a consumer away",
        [this](const ConsumerNameRequest& request, noa::Responder responder) {
            stage<bool>(
                std::move(responder),
                [request](Streams& streams) {
                    return streams.drop_consumer(request.stream, request.consumer);
                },
                [this, request](bool, noa::Responder back) {
                    back.reply(noa::json_body(noa::Json{{"consumer", request.consumer}}));
                    wake_consumers(request.stream, request.consumer);
                });
        });
    setup.operation(
        "consumer.take", "Entries that are due again, then those that come next",
        [this](const TakeEntriesRequest& request, noa::Responder responder) {
            if (request.count < 1 || request.count > static_cast<std::int64_t>(most_items) ||
                request.wait_s < 0 || request.wait_s > longest_patience_s) {
                responder.fail(noa::invalid("/count: expected 1 to 1000; /wait_s: 0 to 600"));
                return;
            }
            const auto wait = std::chrono::duration_cast<noa::Duration>(
                std::chrono::duration<double>(request.wait_s));
            take_entries({request.stream, request.consumer, request.count}, now() + wait,
                         std::move(responder));
        });
    const auto end = [&](const char* name, const char* summary, Verdict verdict) {
        setup.operation(name, summary,
                        [this, verdict](const SettleRequest& request, noa::Responder responder) {
                            settle(request, verdict, std::move(responder));
                        });
    };
    end("consumer.ack", "Entries were dealt with", Verdict::ack);
    end("consumer.nak", "Entries are to be handed out again, after a delay", Verdict::nak);
    end("consumer.progress", "More time for entries", Verdict::progress);
    end("consumer.term", "Entries are not to be handed out again", Verdict::term);
}

void Communication::set_consumer(const ConsumerRequest& request, noa::Responder responder) {
    const auto from = from_of(request);
    const ConsumerTerms terms{wait_ms(request.ack_wait), request.attempts, request.window};
    if (!from || !is_plain_name(request.consumer) || terms.ack_wait < 1 ||
        terms.ack_wait > longest_ms || terms.attempts < 1 || terms.attempts > 1'000'000 ||
        terms.window < 1 || terms.window > most_window) {
        responder.fail(from ? noa::invalid("/consumer: [A-Za-z0-9._:-], 128 at most; /ack_wait: "
                                           "1ms to 1 year; /attempts: 1 to 1000000; /window: 1 to "
                                           "100000")
                            : from.error());
        return;
    }
    stage<bool>(
        std::move(responder),
        [request, from = *from, terms](Streams& streams) {
            return streams.set_consumer(request.stream, request.consumer, from, terms);
        },
        [this, request](bool made, noa::Responder back) {
            back.reply(noa::json_body(noa::Json{{"consumer", request.consumer}, {"new", made}}));
            wake_consumers(request.stream, request.consumer);
        });
}

void Communication::seek(const ConsumerRequest& request, noa::Responder responder) {
    const auto from = from_of(request);
    if (!from) {
        responder.fail(from.error());
        return;
    }
    stage<std::int64_t>(
        std::move(responder),
        [request, from = *from](Streams& streams) {
            return streams.seek(request.stream, request.consumer, from);
        },
        [this, request](std::int64_t next, noa::Responder back) {
            back.reply(noa::json_body(noa::Json{{"consumer", request.consumer}, {"next", next}}));
            wake_consumers(request.stream, request.consumer);
        });
}

void Communication::take_entries(TakeTerms terms, noa::Time until, noa::Responder responder) {
    terms.at = wall();
    terms.bytes = static_cast<std::int64_t>(settings_.max_message_size.bytes) / 2;
    stage<Takings>(
        std::move(responder), [terms](Streams& streams) { return streams.take(terms); },
        [this, terms, until](const Takings& takings, noa::Responder back) {
            handed_out_.add(takings.entries.size());
            if (takings.given_up > 0) {
                static_cast<void>(publish("communication.given_up",
                                          noa::json_body(noa::Json{{"stream", terms.stream},
                                                                   {"consumer", terms.consumer},
                                                                   {"count", takings.given_up}})));
            }
            if (takings.entries.empty() && now() < until && entry_takers_.size() < most_waiting) {
                wait_for_entries(terms, until, takings.next, std::move(back));
                return;
            }
            back.reply(
                noa::sdk::Body(entries_text(takings.entries, true), noa::sdk::json_content_type));
        });
}

// Until something is appended, given back or due again, or the wait is over.
void Communication::wait_for_entries(TakeTerms terms, noa::Time until, Millis next,
                                     noa::Responder responder) {
    if (host().stopping()) {
        return; // left to the next generation
    }
    noa::Duration pause = until - now();
    if (next != 0) {
        pause = std::min<noa::Duration>(
            pause, std::chrono::milliseconds(std::max<Millis>(next - wall(), 0) + 1));
    }
    const auto place = entry_takers_.insert(
        entry_takers_.end(), EntryTaker{std::move(terms), until, std::move(responder), 0});
    const auto timer = after(pause, [this, place] {
        EntryTaker taker = std::move(*place);
        entry_takers_.erase(place);
        take_entries(std::move(taker.terms), taker.until, std::move(taker.responder));
    });
    if (timer) {
        place->timer = *timer;
    } else {
        place->responder.fail(timer.error());
        entry_takers_.erase(place);
    }
}

void Communication::wake_consumers(const std::string& stream, const std::string& consumer) {
    if (host().stopping()) {
        return;
    }
    std::list<EntryTaker> woken;
    for (auto at = entry_takers_.begin(); at != entry_takers_.end();) {
        const auto here = at++;
        if (here->terms.stream == stream &&
            (consumer.empty() || here->terms.consumer == consumer)) {
            woken.splice(woken.end(), entry_takers_, here);
        }
    }
    for (EntryTaker& taker : woken) {
        cancel(taker.timer);
        take_entries(std::move(taker.terms), taker.until, std::move(taker.responder));
    }
}

void Communication::settle(const SettleRequest& request, Verdict verdict,
                           noa::Responder responder) {
    Ruling ruling{request.stream, request.consumer, {}, verdict, wait_ms(request.delay), wall()};
    if (request.items.empty() || request.items.size() > most_items || ruling.delay < 0 ||
        ruling.delay > longest_ms) {
        responder.fail(noa::invalid("/items: 1 to 1000; /delay: a year at most"));
        return;
    }
    for (const DeliveryRequest& item : request.items) {
        ruling.items.emplace_back(item.position, item.delivery);
    }
    stage<std::vector<std::int64_t>>(
        std::move(responder), [ruling](Streams& streams) { return streams.settle(ruling); },
        [this, ruling](const std::vector<std::int64_t>& over, noa::Responder back) {
            back.reply(noa::json_body(
                noa::Json{{"settled", ruling.items.size() - over.size()}, {"over", over}}));
            wake_consumers(ruling.stream, ruling.consumer); // there may be room, or one is due
        });
}

} // namespace communication
