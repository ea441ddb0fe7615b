// What the host has the plugin do.
#include "base/clock.hpp"
#include "confine_agent.hpp"
#include "served_lane.hpp"

namespace noa::runner {

using link::Call;
using link::Kind;

namespace {

Failure torn(std::string_view what) {
    return fail(Errc::internal, "read the link", std::string(what),
                "a frame of the host's cannot be read",
                "are noad and noa-agent-runner of one version?");
}

} // namespace

void ServedLane::do_control(LinkEnd::Arrived& arrived) {
    link::Reader in(arrived.payload);
    switch (arrived.kind) {
    case Kind::call: do_call(arrived); return;
    case Kind::ping: {
        const auto number = in.number<std::uint32_t>();
        link_.put(Kind::pong, [&](link::Writer& out) { out.number(number); });
        return;
    }
    case Kind::confirm:
        if (instance_) {
            const link::LanePage::Call busy(page_, "confirm");
            instance_->confirm();
            tell_escaped("confirm");
        }
        return;
    case Kind::taken_back: {
        link_.drop_messages();
        borrowed_arena_.drop_parked(); // it takes long, and here nobody waits
        const std::lock_guard lock(mutex_);
        open_.clear();
        requests_.clear(); // answered to nobody
        return;
    }
    case Kind::state: {
        const auto piece = in.rest();
        incoming_state_.append({reinterpret_cast<const std::byte*>(piece.data()), piece.size()});
        return;
    }
    default: return;
    }
}

void ServedLane::returned(std::uint32_t id, const Result<void>& result) {
    link_.put(Kind::returned, [&](link::Writer& out) {
        out.number(id);
        out.number(std::uint8_t{result.has_value()});
        if (!result) {
            write(out, result.error());
        }
    });
}

std::string ServedLane::settings_in(link::Reader& in, LinkEnd::Arrived& arrived) {
    const auto body = in.body();
    std::string text(body.bytes);
    if (body.sealed) {
        const auto memory = arrived.frame.take_descriptor();
        text.resize(static_cast<std::size_t>(body.size));
        if (!link::read_sealed(memory.get(), text.data(), body.size)) {
            in.refuse();
        }
    }
    return text;
}

void ServedLane::do_call(LinkEnd::Arrived& arrived) {
    link::Reader in(arrived.payload);
    const auto id = in.number<std::uint32_t>();
    const auto function = Call{in.number<std::uint8_t>()};
    if (!instance_ && function != Call::load && function != Call::destroy) {
        returned(id, torn("no object yet"));
        return;
    }
    switch (function) {
    case Call::load: {
        const auto loaded = load(in, arrived);
        if (!loaded) {
            returned(id, loaded);
            return;
        }
        link_.put(Kind::returned, [&](link::Writer& out) {
            out.number(id);
            out.number(std::uint8_t{1});
            out.number(std::uint8_t{instance_->takes_live_settings()});
        });
        return;
    }
    case Call::configure: {
        const bool commit = in.number<std::uint8_t>() != 0;
        const auto settings = settings_in(in, arrived);
        returned(id, in.whole() ? instance_->configure(settings, commit) : torn("settings"));
        return;
    }
    case Call::reconfigure: {
        const bool commit = in.number<std::uint8_t>() != 0;
        const auto settings = settings_in(in, arrived);
        returned(id, in.whole() ? instance_->reconfigure(settings, commit) : torn("settings"));
        return;
    }
    case Call::start: returned(id, start()); return;
    case Call::quiesce: returned(id, quiesce(in)); return;
    case Call::restore: returned(id, restore(in)); return;
    case Call::save: save(id, in); return;
    case Call::inspect: inspect(id, in); return;
    case Call::destroy: destroy(id); return;
    }
    returned(id, torn("an unknown call"));
}

Result<void> ServedLane::load(link::Reader& in, LinkEnd::Arrived& arrived) {
    const std::filesystem::path file(in.text());
    max_message_ = in.number<std::uint64_t>();
    has_arena_ = in.number<std::uint8_t>() != 0;
    const auto memory = arrived.frame.take_descriptor();
    const auto wanted = link::read_confinement(in);
    if (!in.complete() || !memory || instance_) {
        return torn("load");
    }
    auto confined = confine_agent(wanted, file);
    link_.put(Kind::confined, [&](link::Writer& out) {
        write(out, confined.told);
        if (confined.calls) {
            out.descriptor(std::move(confined.calls));
        }
    });
    link_.flush();
    auto page = link::LanePage::open(memory.get());
    if (!page) {
        return Failure(page.error());
    }
    page_ = std::move(*page);
    auto library = plugin::Library::open(file);
    if (!library) {
        return Failure(library.error());
    }
    library_ = std::move(*library);
    auto instance = plugin::LocalInstance::create(library_->table(), served_host(), context_);
    if (!instance) {
        return Failure(instance.error());
    }
    instance_.emplace(std::move(*instance));
    return {};
}

Result<void> ServedLane::start() {
    const link::LanePage::Call busy(page_, "start");
    phase_ = Phase::starting;
    auto started = instance_->start();
    if (started && !arena_.started()) {
        static_cast<void>(instance_->quiesce(monotonic_ns()));
        started = fail(Errc::system, "start agent", agent_, "its arena cannot be made writable");
    }
    taken_states_.clear();
    phase_ = started ? Phase::running : Phase::created;
    if (!started) {
        come_to_rest();
        const std::lock_guard lock(mutex_);
        requests_.clear();
    }
    return started;
}

Result<void> ServedLane::quiesce(link::Reader& in) {
    // The host has waited for these answers, and sent them before it asked.
    while (auto reply = link_.next_reply()) {
        dispatch(*reply);
    }
    const link::LanePage::Call busy(page_, "quiesce");
    const auto deadline_ns = in.number<std::int64_t>();
    phase_ = Phase::leaving;
    auto quiesced = instance_->quiesce(deadline_ns);
    phase_ = Phase::created;
    readiness_.drop_all(*this);
    if (quiesced) {
        come_to_rest();
    }
    return quiesced;
}

// What ends with quiesce, and with a start that failed.
void ServedLane::come_to_rest() {
    readiness_.drop_all(*this);
    timers_.clear();
    listening_.clear();
    arena_.unmap();
}

Result<void> ServedLane::restore(link::Reader& in) {
    auto state = std::exchange(incoming_state_, plugin::SavedState());
    state.set_schema(in.number<std::uint32_t>());
    const auto size = in.number<std::uint64_t>();
    const auto checksum = in.number<std::uint64_t>();
    state.seal();
    if (!in.complete() || state.size() != size || state.checksum() != checksum) {
        return torn("state");
    }
    return instance_->restore(state);
}

void ServedLane::save(std::uint32_t id, link::Reader& in) {
    const auto limit = in.number<std::uint64_t>();
    auto saved = instance_->save(limit);
    if (!saved) {
        returned(id, Failure(saved.error()));
        return;
    }
    std::vector<std::byte> piece(link::inline_max);
    for (std::uint64_t at = 0; at < saved->size();) {
        const auto size = saved->read(at, piece);
        link_.put(Kind::state, [&](link::Writer& out) { out.raw(piece.data(), size); });
        link_.flush();
        at += size;
    }
    if (saved->schema() == 0) {
        saved->seal();
    }
    link_.put(Kind::returned, [&](link::Writer& out) {
        out.number(id);
        out.number(std::uint8_t{1});
        out.number(saved->schema());
        out.number(saved->checksum());
    });
}

void ServedLane::inspect(std::uint32_t id, link::Reader& in) {
    const auto question = plugin::Instance::Question{in.number<std::uint8_t>()};
    const link::LanePage::Call busy(page_, "inspect");
    const auto told = in.complete() ? instance_->ask(question) : torn("question");
    if (!told) {
        returned(id, Failure(told.error()));
        return;
    }
    link_.put(Kind::returned, [&](link::Writer& out) {
        out.number(id);
        out.number(std::uint8_t{1});
        out.body(told->data(), told->size());
    });
}

void ServedLane::destroy(std::uint32_t id) {
    come_to_rest();
    instance_.reset();
    over_ = true;
    returned(id, {});
    link_.flush();
    if (library_) {
        library_->close(); // its last words, which nobody takes
    }
    ended_ = true;
}

} // namespace noa::runner
