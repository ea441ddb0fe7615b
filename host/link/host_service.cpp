#include "link/host_service.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "link/sealed.hpp"
#include "plugin/wall.hpp"

namespace noa::link {

namespace {

constexpr std::size_t kept_state_max = std::size_t{1024} * 1024; // of noa.listener/1

template <class Contract>
const Contract* contract(const Home& home, const char* id) {
    return static_cast<const Contract*>(home.host().extension(home.context(), id));
}

noa_receipt empty_receipt() {
    noa_receipt receipt{};
    receipt.struct_size = sizeof receipt;
    return receipt;
}

} // namespace

HostService::Loan::Loan(Home& home, const Body& body, Frame& frame, noa_outgoing& message)
    : home_(home) {
    if (!body.sealed) {
        return;
    }
    const auto memory = frame.take_descriptor();
    good_ = memory && is_sealed(memory.get(), body.size);
    if (!good_) {
        return;
    }
    buffer_.struct_size = sizeof buffer_;
    status_ = home.host().msg_alloc(home.context(), body.size, &buffer_);
    if (status_ != NOA_OK) {
        buffer_.handle = 0;
        return;
    }
    good_ = read_sealed(memory.get(), buffer_.data, body.size);
    message.buffer = &buffer_;
    message.buffer_used = body.size;
}

HostService::Loan::~Loan() {
    if (buffer_.handle != 0) {
        static_cast<void>(home_.host().msg_free(home_.context(), &buffer_));
    }
}

template <class Fill>
void HostService::answer(std::uint32_t id, noa_status status, Fill&& fill) {
    channel_.put(Kind::answer, [&](Writer& out) {
        out.number(id);
        out.number(status);
        fill(out);
    });
}

void HostService::answer(std::uint32_t id, noa_status status) {
    answer(id, status, [](Writer&) {});
}

bool HostService::log(Reader& in) {
    const auto level = in.number<std::uint32_t>();
    const auto event = in.text();
    const auto text = in.text();
    if (!in.complete()) {
        return false;
    }
    home_.host().log(home_.context(), level, to_str(event), to_str(text));
    return true;
}

bool HostService::send(std::uint32_t id, Ask function, Reader& in, Frame& frame) {
    const auto tag = function == Ask::request ? in.number<std::uint64_t>() | tag_bits_ : 0;
    auto outgoing = read_outgoing(in);
    if (!in.complete()) {
        return false;
    }
    Loan loan(home_, outgoing.body, frame, outgoing.message);
    if (!loan.good()) {
        return false;
    }
    auto receipt = empty_receipt();
    auto status = loan.status();
    const auto call = [&] {
        const auto& host = home_.host();
        const auto context = home_.context();
        status = function == Ask::request ? host.request(context, &outgoing.message, tag, &receipt)
                 : function == Ask::publish ? host.publish(context, &outgoing.message, &receipt)
                                            : host.send(context, &outgoing.message, &receipt);
    };
    if (status == NOA_OK) {
        if (outgoing.has_cause) {
            home_.as_part_of(outgoing.hops, call);
        } else {
            call();
        }
    } else {
        receipt.refused = 1;
    }
    if (status == NOA_OK) {
        loan.taken();
    }
    answer(id, status, [&](Writer& out) { write(out, receipt); });
    return true;
}

// Bodies are inline: large messages are asked for one by one.
bool HostService::send_many(std::uint32_t id, Reader& in) {
    const auto count = in.number<std::uint32_t>();
    if (count > send_many_max) {
        return false;
    }
    std::vector<noa_outgoing> messages;
    bool has_cause = false;
    std::uint16_t hops = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto outgoing = read_outgoing(in);
        if (outgoing.body.sealed) {
            return false;
        }
        has_cause = outgoing.has_cause;
        hops = outgoing.hops;
        messages.push_back(outgoing.message);
    }
    if (!in.complete()) {
        return false;
    }
    auto receipt = empty_receipt();
    noa_status status = NOA_OK;
    const auto call = [&] {
        status = home_.host().send_many(home_.context(), messages.data(), sizeof(noa_outgoing),
                                        count, &receipt);
    };
    if (has_cause) {
        home_.as_part_of(hops, call);
    } else {
        call();
    }
    answer(id, status, [&](Writer& out) { write(out, receipt); });
    return true;
}

void HostService::facts(std::uint32_t id) {
    const auto* table = contract<noa_agent_host>(home_, NOA_AGENT_ID);
    noa_agent_facts facts{};
    facts.struct_size = sizeof facts;
    const auto status = table == nullptr ? NOA_E_RETIRED : table->facts(home_.context(), &facts);
    answer(id, status, [&](Writer& out) { write(out, facts); });
}

void HostService::state_dir(std::uint32_t id) {
    const auto* table = contract<noa_storage_host>(home_, NOA_STORAGE_ID);
    noa_str path{};
    const auto status = table == nullptr ? NOA_E_RETIRED : table->state_dir(home_.context(), &path);
    answer(id, status, [&](Writer& out) { out.text(view(path)); });
}

bool HostService::listen(std::uint32_t id, const noa_listener_host& table, Reader& in) {
    const auto address = in.text();
    noa_listen_options options{sizeof options, 0, 0, 0};
    const bool has_options = in.number<std::uint8_t>() != 0;
    options.backlog = in.number<std::uint32_t>();
    options.mode = in.number<std::uint32_t>();
    if (!in.complete()) {
        return false;
    }
    noa_error error = plugin::empty_error();
    std::int32_t fd = -1;
    const auto status = table.listen(home_.context(), to_str(address),
                                     has_options ? &options : nullptr, &fd, &error);
    answer(id, status, [&](Writer& out) {
        out.text(error.text);
        if (status == NOA_OK) {
            out.descriptor(UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)));
        }
    });
    return true;
}

bool HostService::keep(std::uint32_t id, const noa_listener_host& table, Reader& in, Frame& frame) {
    const auto body = in.body();
    if (!in.complete()) {
        return false;
    }
    auto socket = frame.take_descriptor();
    std::string state(body.bytes);
    if (body.size > kept_state_max) {
        answer(id, NOA_E_TOO_LARGE);
        return true;
    }
    if (body.sealed) {
        const auto memory = frame.take_descriptor();
        state.resize(static_cast<std::size_t>(body.size));
        if (!memory || !is_sealed(memory.get(), body.size) ||
            !read_sealed(memory.get(), state.data(), body.size)) {
            return false;
        }
    }
    const auto status = table.keep(home_.context(), socket.get(), {state.data(), state.size()});
    if (status == NOA_OK) {
        static_cast<void>(socket.release());
    }
    answer(id, status);
    return true;
}

void HostService::take(std::uint32_t id, const noa_listener_host& table) {
    std::int32_t fd = -1;
    noa_bytes state{};
    const auto status = table.take(home_.context(), &fd, &state);
    UniqueFd socket(status == NOA_OK ? fd : -1);
    answer(id, status, [&](Writer& out) {
        if (status == NOA_OK) {
            out.descriptor(std::move(socket));
            out.body(state.data, static_cast<std::size_t>(state.size));
        }
    });
}

bool HostService::sockets(std::uint32_t id, Ask function, Reader& in, Frame& frame) {
    const auto* table = contract<noa_listener_host>(home_, NOA_LISTENER_ID);
    if (table == nullptr) {
        answer(id, NOA_E_RETIRED);
        return true;
    }
    if (function == Ask::listen) {
        return listen(id, *table, in);
    }
    if (function == Ask::keep) {
        return keep(id, *table, in, frame);
    }
    if (function == Ask::take) {
        take(id, *table);
        return in.complete();
    }
    const auto address = in.text();
    if (!in.complete()) {
        return false;
    }
    answer(id, table->unlisten(home_.context(), to_str(address)));
    return true;
}

bool HostService::arena(std::uint32_t id, Ask function, Reader& in) {
    auto* owner = home_.arena();
    const auto layout = function == Ask::arena_open ? in.number<std::uint64_t>() : 0;
    const bool sized = function == Ask::arena_open || function == Ask::arena_grow;
    auto size = sized ? in.number<std::uint64_t>() : 0;
    if (!in.complete() || owner == nullptr) {
        return false;
    }
    noa_status status = NOA_OK;
    plugin::ArenaGrant grant;
    switch (function) {
    case Ask::arena_open: status = owner->open(layout, size, grant); break;
    case Ask::arena_undo_open: owner->undo_open(); break;
    case Ask::arena_grow: status = owner->grow(size, size); break;
    case Ask::arena_begin_writing: status = owner->begin_writing(); break;
    case Ask::arena_close: status = owner->close(); break;
    default: status = owner->discard(); break;
    }
    answer(id, status, [&](Writer& out) {
        if (status == NOA_OK && function == Ask::arena_open) {
            write(out, std::move(grant));
        } else if (status == NOA_OK && function == Ask::arena_grow) {
            out.number(size);
        }
    });
    return true;
}

bool HostService::ask(std::uint32_t id, Ask function, Reader& in, Frame& frame) {
    const auto& host = home_.host();
    const auto context = home_.context();
    switch (function) {
    case Ask::send:
    case Ask::request:
    case Ask::publish: return send(id, function, in, frame);
    case Ask::send_many: return send_many(id, in);
    case Ask::resolve:
    case Ask::subscribe:
    case Ask::unsubscribe: {
        const auto text = in.text();
        if (!in.complete()) {
            return false;
        }
        noa_address address = 0;
        const auto status = function == Ask::subscribe ? host.subscribe(context, to_str(text))
                            : function == Ask::unsubscribe
                                ? host.unsubscribe(context, to_str(text))
                                : host.resolve(context, to_str(text), &address);
        answer(id, status, [&](Writer& out) { out.number(address); });
        return true;
    }
    case Ask::facts: facts(id); return in.complete();
    case Ask::state_dir: state_dir(id); return in.complete();
    case Ask::listen:
    case Ask::unlisten:
    case Ask::keep:
    case Ask::take: return sockets(id, function, in, frame);
    case Ask::arena_open:
    case Ask::arena_undo_open:
    case Ask::arena_grow:
    case Ask::arena_begin_writing:
    case Ask::arena_close:
    case Ask::arena_discard: return arena(id, function, in);
    }
    return false;
}

} // namespace noa::link
