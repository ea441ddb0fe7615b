// Streams: what is appended, kept and read.
#include <algorithm>
#include <utility>

#include "agent.hpp"
#include "stream_texts.hpp"

namespace communication {

namespace {

constexpr std::size_t most_entries = 1000;
constexpr std::int64_t most_read = 1000;
constexpr std::int64_t bytes_read = 8 << 20;
constexpr std::int64_t swept_at_once = 5000; // of each stream

std::int64_t kept_ms(noa::Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

Retention retention_of(const StreamSettings& settings) {
    return {kept_ms(settings.age), static_cast<std::int64_t>(settings.count),
            static_cast<std::int64_t>(settings.size.bytes)};
}

std::string key_of_entry(const noa::Request& message, std::size_t number) {
    std::string key(reinterpret_cast<const char*>(message.id().bytes), sizeof message.id().bytes);
    return key.append(reinterpret_cast<const char*>(&number), sizeof(std::uint32_t));
}

noa::Json told_stream(const StreamFacts& one) {
    noa::Json out{{"stream", one.name},
                  {"entries", one.entries},
                  {"bytes", one.bytes},
                  {"last", one.last},
                  {"max_age_s", static_cast<double>(one.retention.age) / 1000},
                  {"max_count", one.retention.count},
                  {"max_bytes", one.retention.bytes}};
    if (one.last > 0) {
        out["first"] = one.last - one.entries + 1; // entries go from the front only
        out["last_at"] = date_text(one.last_at);
    }
    return out;
}

noa::Json told_consumer(const ConsumerFacts& one, const StreamFacts& stream) {
    const std::int64_t next = std::max(one.next, stream.last - stream.entries + 1);
    return {{"consumer", one.name},
            {"next", next},
            {"waiting", stream.last - next + 1},
            {"under_way", one.under_way},
            {"settled", one.settled},
            {"given_up", one.given_up},
            {"ack_wait_s", static_cast<double>(one.terms.ack_wait) / 1000},
            {"attempts", one.terms.attempts},
            {"window", one.terms.window}};
}

} // namespace

void Communication::set_up_streams(noa::Setup& setup) {
    setup.operation(
        "stream.append", "Puts entries at the end of a stream; begins it",
        [this](const AppendRequest& request, const noa::Request& message,
               noa::Responder responder) { append(request, message, std::move(responder)); });
    setup.operation("stream.set", "What is kept of a stream",
                    [this](const StreamRequest& request, noa::Responder responder) {
                        set_stream(request, std::move(responder));
                    });
    setup.operation(
        "stream.drop", "Takes a stream away, with its consumers",
        [this](const StreamListRequest& request, noa::Responder responder) {
            stage<bool>(
                std::move(responder),
                [name = request.stream](Streams& streams) { return streams.drop(name); },
                [this, name = request.stream](bool, noa::Responder back) {
                    back.reply(noa::json_body(noa::Json{{"stream", name}}));
                    wake_consumers(name, "");
                });
        });
    setup.operation("stream.list", "The streams, or one with its consumers",
                    [this](const StreamListRequest& request, noa::Responder responder) {
                        list_streams(request, std::move(responder));
                    });
    setup.operation("stream.read", "Entries of a stream, the oldest first",
                    [this](const StreamReadRequest& request, noa::Responder responder) {
                        read_stream(request, std::move(responder));
                    });
}

void Communication::append(const AppendRequest& request, const noa::Request& message,
                           noa::Responder responder) {
    Append wanted{
        request.stream, std::string(message.from()), {}, retention_of(settings_.streams), wall()};
    const auto add = [&](const std::string& id, const noa::Json& body) {
        wanted.entries.push_back(
            {key_of_entry(message, wanted.entries.size()), id, noa::json_text(body)});
    };
    if (request.body) {
        add(request.id, *request.body);
    }
    for (const EntryRequest& entry : request.entries) {
        add(entry.id, entry.body.value_or(noa::Json()));
    }
    std::uint64_t bytes = 0;
    for (const NewEntry& entry : wanted.entries) {
        bytes += entry.body.size();
    }
    const bool both = request.body && !request.entries.empty();
    if (!is_plain_name(wanted.stream) || both || wanted.entries.empty() ||
        wanted.entries.size() > most_entries ||
        !std::ranges::all_of(wanted.entries, [](const NewEntry& entry) {
            return entry.id.empty() || is_plain_name(entry.id);
        })) {
        responder.fail(noa::invalid("/stream and /id: [A-Za-z0-9._:-], 128 at most; /body, or "
                                    "/entries, 1 to 1000"));
        return;
    }
    if (bytes > settings_.max_message_size.bytes) {
        responder.fail(noa::sdk::too_large("entries: " + std::to_string(bytes) +
                                           " bytes, over max_message_size of " +
                                           noa::sdk::to_text(settings_.max_message_size)));
        return;
    }
    stage<Appended>(
        std::move(responder),
        [wanted = std::move(wanted)](Streams& streams) { return streams.append(wanted); },
        [this, name = request.stream](const Appended& appended, noa::Responder back) {
            const auto count = static_cast<std::int64_t>(appended.positions.size());
            appended_.add(static_cast<std::uint64_t>(count - appended.duplicates));
            back.reply(noa::json_body(noa::Json{{"stream", name},
                                                {"position", appended.positions.back()},
                                                {"positions", appended.positions},
                                                {"duplicates", appended.duplicates}}));
            wake_consumers(name, "");
        });
}

void Communication::set_stream(const StreamRequest& request, noa::Responder responder) {
    Retention retention = retention_of(settings_.streams);
    retention.age = request.age ? kept_ms(*request.age) : retention.age;
    retention.count = request.count ? static_cast<std::int64_t>(*request.count) : retention.count;
    retention.bytes =
        request.size ? static_cast<std::int64_t>(request.size->bytes) : retention.bytes;
    if (!is_plain_name(request.stream) || retention.age < 0 || retention.count < 0 ||
        retention.bytes < 0) {
        responder.fail(noa::invalid("/stream: [A-Za-z0-9._:-], 128 at most; /age, /count, /size: "
                                    "none is negative"));
        return;
    }
    stage<bool>(
        std::move(responder),
        [name = request.stream, retention, at = wall()](Streams& streams) {
            return streams.set(name, retention, at);
        },
        [this, name = request.stream](bool, noa::Responder back) {
            back.reply(noa::json_body(noa::Json{{"stream", name}}));
            sweep_streams();
        });
}

void Communication::list_streams(const StreamListRequest& request, noa::Responder responder) {
    using Both = std::pair<std::vector<StreamFacts>, std::vector<ConsumerFacts>>;
    look<Both>(
        *reader_,
        [name = request.stream](Reader& reader) -> Stored<Both> {
            auto streams = communication::list_streams(reader.database(), name);
            if (!streams || name.empty() || streams->empty()) {
                return streams ? Stored<Both>(Both{*std::move(streams), {}})
                               : Stored<Both>(streams.error());
            }
            auto consumers = list_consumers(reader.database(), streams->front().stream);
            return consumers ? Stored<Both>(Both{*std::move(streams), *std::move(consumers)})
                             : Stored<Both>(consumers.error());
        },
        std::move(responder),
        [name = request.stream](const Both& both, noa::Responder back) {
            if (!name.empty() && both.first.empty()) {
                back.fail(noa::not_found("/stream: there is none of the name " + name));
                return;
            }
            noa::Json streams = noa::Json::array();
            for (const StreamFacts& one : both.first) {
                if (!one.name.empty()) {
                    streams.push_back(told_stream(one));
                }
            }
            noa::Json out{{"streams", std::move(streams)}};
            if (!name.empty()) {
                out["consumers"] = noa::Json::array();
                for (const ConsumerFacts& one : both.second) {
                    out["consumers"].push_back(told_consumer(one, both.first.front()));
                }
            }
            back.reply(noa::json_body(out));
        });
}

void Communication::read_stream(const StreamReadRequest& request, noa::Responder responder) {
    const auto since = request.since.empty() ? noa::Result<Millis>(0) : parse_date(request.since);
    if (!since || request.limit < 1 || request.limit > most_read || request.position < 1) {
        responder.fail(since ? noa::invalid("/limit: expected 1 to 1000; /position: 1 at least")
                             : since.error());
        return;
    }
    using Found = std::optional<std::vector<Entry>>;
    look<Found>(
        *reader_,
        [request, since = *since](Reader& reader) -> Stored<Found> {
            auto streams = communication::list_streams(reader.database(), request.stream);
            if (!streams || request.stream.empty() || streams->empty()) {
                return streams ? Stored<Found>(Found()) : Stored<Found>(streams.error());
            }
            const StreamFacts& stream = streams->front();
            auto from = request.since.empty()
                            ? Stored<std::int64_t>(std::min(request.position, stream.last + 1))
                            : position_of(reader.database(), stream, since);
            auto entries = from ? read_entries(reader.database(), stream, *from, request.limit,
                                               bytes_read, reader.largest_body())
                                : Stored<std::vector<Entry>>(from.error());
            return entries ? Stored<Found>(Found(*std::move(entries)))
                           : Stored<Found>(entries.error());
        },
        std::move(responder),
        [name = request.stream](const Found& found, noa::Responder back) {
            if (!found) {
                back.fail(noa::not_found("/stream: there is none of the name " + name));
                return;
            }
            back.reply(noa::sdk::Body(entries_text(*found, false), noa::sdk::json_content_type));
        });
}

void Communication::sweep_streams() {
    if (writer_ == nullptr || !store_fault_.empty() || host().stopping()) {
        return;
    }
    auto gone = std::make_unique<std::optional<Stored<std::int64_t>>>();
    auto* place = gone.get();
    writer_->run(
        [place, at = wall()](Store& store) {
            Batch batch;
            batch.steps.emplace_back([place, at](Streams& streams) -> Stored<> {
                place->emplace(streams.sweep(at, swept_at_once));
                return **place ? Stored<>() : Stored<>((*place)->error());
            });
            if (auto committed = store.commit(batch); !committed) {
                place->emplace(committed.error());
            }
        },
        [this, gone = std::move(gone)] {
            if (!**gone) {
                log(noa::Level::warning, "streams.sweep_failed", (*gone)->error().message());
            } else if (***gone >= swept_at_once && !host().stopping()) {
                static_cast<void>(
                    after(std::chrono::milliseconds(50), [this] { sweep_streams(); }));
            }
        });
}

} // namespace communication
