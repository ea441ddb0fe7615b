#include "rows.hpp"

#include <zstd.h>

namespace communication {

namespace {

constexpr int level = 1;

noa::sqlite::Error damaged(const char* what) {
    return {SQLITE_CORRUPT, what, "a body"};
}

} // namespace

Stored<MessagePtr> message_of(const noa::sqlite::Statement& row) {
    auto read = row.row<Seq, std::string, std::string, std::string, std::uint8_t, std::string,
                        std::string, std::uint32_t, bool, bool, std::uint8_t, std::uint32_t,
                        std::int64_t, std::string, std::string, Millis, Millis, std::uint8_t,
                        std::uint32_t, Millis, std::string, std::string>();
    if (!read) {
        return read.error();
    }
    auto message = std::make_unique<Message>();
    Terms& terms = message->terms;
    std::uint8_t kind = 0;
    std::uint8_t state = 0;
    std::uint32_t priority = 0;
    std::tie(message->seq, terms.id, terms.sender, terms.recipient, kind, terms.operation,
             terms.conversation, priority, terms.ordered, terms.envelope, terms.hops,
             terms.attempts, terms.timeout_ms, terms.content_type, terms.traceparent,
             message->created, terms.deadline, state, message->made, terms.due, terms.metadata,
             terms.flags) = *std::move(read);
    if (kind > static_cast<unsigned>(Kind::webhook) ||
        state > static_cast<unsigned>(State::cancelled) || priority > NOA_PRIORITY_LOW) {
        return noa::sqlite::Error{SQLITE_CORRUPT, "a number that means nothing", "messages"};
    }
    terms.kind = static_cast<Kind>(kind);
    terms.priority = static_cast<noa::Priority>(priority);
    message->state = static_cast<State>(state);
    message->at_rest = true;
    return message;
}

Stored<std::string> unpacked(std::int64_t encoding, const noa::sqlite::Blob& stored,
                             std::uint64_t most) {
    const auto* bytes = reinterpret_cast<const char*>(stored.data());
    if (encoding == 0) {
        return std::string(bytes, stored.size());
    }
    const unsigned long long size = ZSTD_getFrameContentSize(bytes, stored.size());
    if (encoding != 1 || size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
        size > most) {
        return damaged("it does not say how large it is, or is too large");
    }
    std::string out(static_cast<std::size_t>(size), '\0');
    const std::size_t got = ZSTD_decompress(out.data(), out.size(), bytes, stored.size());
    if (ZSTD_isError(got) != 0 || got != out.size()) {
        return damaged("it does not unpack");
    }
    return out;
}

bool pack(std::string_view body, std::string& ret_packed) {
    ret_packed.resize(ZSTD_compressBound(body.size()));
    const std::size_t size =
        ZSTD_compress(ret_packed.data(), ret_packed.size(), body.data(), body.size(), level);
    if (ZSTD_isError(size) != 0 || size >= body.size() - body.size() / 8) {
        return false;
    }
    ret_packed.resize(size);
    return true;
}

} // namespace communication
