#include "link/remote_instance.hpp"

#include "base/clock.hpp"
#include "link/sealed.hpp"
#include "plugin/limits.hpp"
#include "plugin/text.hpp"

namespace noa::link {

namespace {

constexpr std::chrono::milliseconds leave_patience{2000};

} // namespace

RemoteInstance::RemoteInstance(Home& home, Process::Started started, LanePage page,
                               UniqueFd page_fd, const RemoteOptions& options)
    : options_(options), page_fd_(std::move(page_fd)),
      end_(home, std::move(started), std::move(page),
           {options.agent, options.stall_limit, options.max_state,
            std::uint64_t{options.replica} << RemoteOptions::replica_shift,
            reachable(options.confinement, options.file), options.confinement.processes}) {}

RemoteInstance::~RemoteInstance() = default;

Result<std::unique_ptr<RemoteInstance>> RemoteInstance::open(Home& home,
                                                             const RemoteOptions& options) {
    auto page = LanePage::make();
    if (!page) {
        return Failure(page.error());
    }
    auto started = Process::start(options.runner, options.agent);
    if (!started) {
        return Failure(started.error());
    }
    return std::unique_ptr<RemoteInstance>(new RemoteInstance(
        home, std::move(*started), std::move(page->first), std::move(page->second), options));
}

Result<HostEnd::Returned> RemoteInstance::named(const char* attempt,
                                                Result<HostEnd::Returned> returned) const {
    if (!returned && returned.error().attempt == "ask the plugin") {
        auto error = returned.error();
        error.attempt = attempt;
        return Failure(std::move(error));
    }
    return returned;
}

template <class Fill>
Result<HostEnd::Returned> RemoteInstance::call(const char* attempt, Call function, Fill&& fill) {
    auto returned =
        named(attempt, end_.call(function, options_.call_timeout, std::forward<Fill>(fill)));
    if (!returned && returned.error().code == Errc::timed_out) {
        end_.kill(std::string(attempt) + " did not return within " +
                  std::to_string(options_.call_timeout.count()) + " ms");
        // What it had borrowed is not lent to anybody else while it can still write there.
        static_cast<void>(end_.await_end(leave_patience));
    }
    return returned;
}

namespace {

Result<void> without_answer(Result<HostEnd::Returned> returned) {
    if (!returned) {
        return Failure(returned.error());
    }
    return {};
}

} // namespace

Result<void> RemoteInstance::load() {
    auto loaded = call("load agent", Call::load, [&](Writer& out) {
        out.descriptor(std::move(page_fd_));
        out.text(options_.file.string());
        out.number(options_.max_message);
        out.number(std::uint8_t{options_.has_arena});
        write(out, options_.confinement);
    });
    if (!loaded) {
        return Failure(loaded.error());
    }
    takes_live_settings_ = loaded->reader().number<std::uint8_t>() != 0;
    return {};
}

bool RemoteInstance::leave() {
    end_.expect_end();
    const bool destroyed =
        end_.call(Call::destroy, options_.call_timeout, [](Writer&) {}).has_value();
    return end_.end(leave_patience, destroyed);
}

Result<void> RemoteInstance::configure(const std::string& settings_json, bool commit) {
    return without_answer(call("configure agent", Call::configure, [&](Writer& out) {
        out.number(std::uint8_t{commit});
        out.body(settings_json.data(), settings_json.size());
    }));
}

Result<void> RemoteInstance::start() {
    return without_answer(call("start agent", Call::start, [](Writer&) {}));
}

// It may come back after its deadline, when nobody waits for it any more, and then goes on. When it
// never does, that is a stall.
Result<void> RemoteInstance::quiesce(std::int64_t deadline_ns) {
    return without_answer(
        named("quiesce agent", end_.call(Call::quiesce, std::chrono::hours(24),
                                         [&](Writer& out) { out.number(deadline_ns); })));
}

Result<plugin::SavedState> RemoteInstance::save(std::uint64_t limit) {
    auto saved = call("save state", Call::save, [&](Writer& out) { out.number(limit); });
    if (!saved) {
        return Failure(saved.error());
    }
    auto in = saved->reader();
    const auto schema = in.number<std::uint32_t>();
    const auto checksum = in.number<std::uint64_t>();
    auto state = std::move(saved->state());
    state.set_schema(schema);
    state.seal();
    if (!in.complete() || state.checksum() != checksum || (schema == 0 && state.size() != 0)) {
        return fail(Errc::internal, "save state", options_.plugin,
                    "what came over the link is not what was saved");
    }
    return state;
}

Result<void> RemoteInstance::restore(const plugin::SavedState& state) {
    if (state.schema() == 0) {
        return {};
    }
    if (auto whole = state.verify(); !whole) {
        return whole;
    }
    std::vector<std::byte> piece(inline_max);
    for (std::uint64_t at = 0; at < state.size();) {
        const auto size = state.read(at, piece);
        end_.put(Kind::state, [&](Writer& out) { out.raw(piece.data(), size); });
        end_.flush();
        at += size;
    }
    return without_answer(call("restore state", Call::restore, [&](Writer& out) {
        out.number(state.schema());
        out.number(state.size());
        out.number(state.checksum());
    }));
}

void RemoteInstance::confirm() {
    end_.put(Kind::confirm, [](Writer&) {});
    end_.flush();
}

Result<void> RemoteInstance::reconfigure(const std::string& settings_json, bool commit) {
    return without_answer(call("reconfigure agent", Call::reconfigure, [&](Writer& out) {
        out.number(std::uint8_t{commit});
        out.body(settings_json.data(), settings_json.size());
    }));
}

noa_status RemoteInstance::handle(const noa_message& message, noa_delivery delivery,
                                  noa_error& error) noexcept {
    try {
        end_.window().add(delivery, static_cast<std::size_t>(message.body.size) + header_bytes);
        const bool put = end_.put(Kind::deliver, [&](Writer& out) {
            out.number(delivery);
            write(out, message);
        });
        if (!put) {
            end_.window().remove(delivery);
            return NOA_E_RETRY; // no memory for a large body: later perhaps
        }
        if (end_.waiting() >= Channel::put_before_send) {
            end_.flush();
        }
        return NOA_DEFERRED;
    } catch (...) {
        error.text[0] = '\0';
        return NOA_E_RETRY;
    }
}

void RemoteInstance::on_reply(std::uint64_t tag, noa_status status,
                              const noa_message* message) noexcept {
    try {
        const auto fill = [&](const noa_message* told, noa_status code) {
            return end_.put(Kind::on_reply, [&](Writer& out) {
                out.number(tag);
                out.number(code);
                out.number(std::uint8_t{told != nullptr});
                if (told != nullptr) {
                    write(out, *told);
                }
            });
        };
        if (!fill(message, status)) {
            fill(nullptr, NOA_E_FAILED);
        }
        if (end_.waiting() >= Channel::put_before_send) {
            end_.flush();
        }
    } catch (...) {
        end_.kill("the host has no memory to tell it of a reply");
    }
}

void RemoteInstance::taken_back() noexcept {
    end_.window().clear();
    end_.put(Kind::taken_back, [](Writer&) {});
}

void RemoteInstance::flush() noexcept {
    if (end_.waiting() != 0) {
        end_.flush();
    }
}

Result<std::string> RemoteInstance::ask(Question question) {
    auto told = named("inspect agent", end_.call(Call::inspect, options_.call_timeout,
                                                 [&](Writer& out) { out.number(question); }));
    if (!told) {
        return Failure(told.error());
    }
    auto in = told->reader();
    const auto body = in.body();
    std::string text(body.bytes);
    const auto bad = [&] {
        return fail(Errc::internal, "inspect agent", options_.plugin,
                    "it wrote no JSON object of at most " + std::to_string(plugin::json_depth_max) +
                        " levels");
    };
    if (!in.complete() || body.size > plugin::inspect_text_max) {
        return bad();
    }
    if (body.sealed) {
        const auto memory = told->take_descriptor();
        text.resize(static_cast<std::size_t>(body.size));
        if (!memory || !is_sealed(memory.get(), body.size) ||
            !read_sealed(memory.get(), text.data(), body.size)) {
            return bad();
        }
    }
    if (text.empty()) {
        return text;
    }
    const auto parsed = plugin::parse_json(text);
    return parsed && parsed->is_object() ? Result<std::string>(std::move(text)) : bad();
}

} // namespace noa::link
