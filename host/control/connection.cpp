#include "control/connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "control/verbs.hpp"

namespace noa::control {

namespace {

// What a client may send that may only look: its requests are short.
constexpr std::size_t reader_line_bytes = std::size_t{64} * 1024;

// What the log says of a request: names, never bodies or settings.
nlohmann::json loggable(const nlohmann::json& args) {
    constexpr std::array<const char*, 9> keys{"agent", "agents",  "all",   "operation", "subject",
                                              "force", "pattern", "level", "only"};
    nlohmann::json shown = nlohmann::json::object();
    for (const char* key : keys) {
        const auto found = args.find(key);
        if (found == args.end()) {
            continue;
        }
        std::string names;
        for (const auto& name : found->is_array() ? *found : nlohmann::json::array()) {
            names += name.is_string() ? (names.empty() ? "" : " ") + name.get<std::string>() : "";
        }
        shown[key] = found->is_array() ? nlohmann::json(names) : *found;
    }
    return shown;
}

Error too_long(std::size_t limit) {
    return {Errc::invalid,
            "read request",
            {},
            "longer than " + std::to_string(limit) + " bytes",
            "bodies are at most 16 MiB"};
}

} // namespace

Connection::Connection(UniqueFd socket, Peer peer, Timeouts timeouts)
    : socket_(std::move(socket)), peer_(std::move(peer)), timeouts_(timeouts) {}

bool Connection::write(AnswerKind kind, const nlohmann::json& value,
                       std::chrono::milliseconds timeout) {
    const std::string line = answer_line(kind, value);
    const std::lock_guard lock(write_mutex_);
    return write_all(socket_.get(), line, timeout);
}

void Connection::progress(const nlohmann::json& step) {
    if (!write(AnswerKind::progress, step, timeouts_.answer)) {
        shut_down();
    }
}

void Connection::shut_down() noexcept {
    ::shutdown(socket_.get(), SHUT_RDWR);
}

bool Connection::write_batch(EventQueue::Batch& batch) {
    if (batch.lost > 0 && !write(AnswerKind::event, {{"gap", batch.lost}}, no_timeout)) {
        return false;
    }
    for (auto& item : batch.items) {
        if (!write(AnswerKind::event, item, no_timeout)) {
            return false;
        }
        item = nullptr;
    }
    return true;
}

void Connection::stream(EventQueue& queue) {
    while (true) {
        auto batch = queue.pop();
        if (!write_batch(batch) || batch.closed) {
            return;
        }
        std::array<pollfd, 2> fds{pollfd{socket_.get(), POLLIN | POLLRDHUP, 0},
                                  pollfd{queue.fd(), POLLIN, 0}};
        const int ready = ::poll(fds.data(), fds.size(), -1);
        if (fds[0].revents != 0 || (ready < 0 && errno != EINTR)) {
            return;
        }
    }
}

Result<nlohmann::json> Connection::run(const std::string& line, const Verbs& verbs,
                                       const AccessPolicy& policy, Log& log) {
    auto request = parse_request(line);
    if (!request) {
        return Failure(std::move(request.error()));
    }
    const Verb* verb = verbs.find(request->verb);
    if (verb == nullptr) {
        return fail(Errc::not_found, "run verb", request->verb.substr(0, 64),
                    "this host does not know it", "it knows " + verbs.names());
    }
    nlohmann::json who = loggable(request->args);
    who["verb"] = verb->name;
    who["uid"] = peer_.uid;
    who["pid"] = peer_.pid;
    if (auto allowed = check_access(peer_, policy, verb->needs, verb->name); !allowed) {
        log.write(Level::warning, "control.denied", std::move(who));
        return Failure(std::move(allowed.error()));
    }
    if (verb->needs == Right::full) {
        log.write(Level::info, "control.request", std::move(who));
    }
    return verb->handler(request->args, *this);
}

void Connection::serve(const Verbs& verbs, const AccessPolicy& policy, Log& log) {
    const bool full = right_of(peer_, policy) == Right::full;
    const std::size_t limit = full ? max_line_bytes : reader_line_bytes;
    LineReader reader(socket_.get(), limit);
    std::string line;
    while (true) {
        const auto got = reader.next(line, timeouts_.request);
        if (got == ReadResult::too_long) {
            static_cast<void>(
                write(AnswerKind::error, error_to_json(too_long(limit)), timeouts_.answer));
        }
        if (got != ReadResult::line) {
            return;
        }
        const auto result = run(line, verbs, policy, log);
        const bool taken =
            result ? write(AnswerKind::ok, *result, timeouts_.answer)
                   : write(AnswerKind::error, error_to_json(result.error()), timeouts_.answer);
        if (!taken) {
            return;
        }
    }
}

} // namespace noa::control
