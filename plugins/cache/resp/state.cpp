#include "state.hpp"

#include <cstdint>

namespace cache::resp {

namespace {

constexpr std::uint64_t state_format = 1;

class StateOut {
public:
    void number(std::uint64_t value) {
        while (value >= 0x80U) {
            bytes_ += static_cast<char>(0x80U | (value & 0x7fU));
            value >>= 7U;
        }
        bytes_ += static_cast<char>(value);
    }
    void text(std::string_view text) {
        number(text.size());
        bytes_.append(text);
    }
    [[nodiscard]] std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

// What is beyond the end is zero, or empty, and `ok` is over.
class StateIn {
public:
    explicit StateIn(std::string_view bytes) noexcept : bytes_(bytes) {}

    std::uint64_t number() noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (bytes_.empty()) {
                break;
            }
            const auto byte = static_cast<std::uint8_t>(bytes_.front());
            bytes_.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7fU} << shift;
            if ((byte & 0x80U) == 0) {
                return value;
            }
        }
        ok_ = false;
        return 0;
    }
    std::string_view text() noexcept {
        const std::uint64_t size = number();
        if (size > bytes_.size()) {
            ok_ = false;
            return {};
        }
        const std::string_view text = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return text;
    }
    // Of elements that have a byte each, at least.
    std::uint64_t count() noexcept {
        const std::uint64_t count = number();
        ok_ = ok_ && count <= bytes_.size();
        return ok_ ? count : 0;
    }
    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] bool at_end() const noexcept { return ok_ && bytes_.empty(); }

private:
    std::string_view bytes_;
    bool ok_ = true;
};

constexpr std::uint64_t bit_authenticated = 1;
constexpr std::uint64_t bit_no_evict = 2;
constexpr std::uint64_t bit_in_multi = 4;
constexpr std::uint64_t bit_multi_failed = 8;
constexpr std::uint64_t bit_closing = 16;
constexpr std::uint64_t bit_local = 32;

std::uint64_t bits_of(const Client& client) noexcept {
    return (client.authenticated ? bit_authenticated : 0) | (client.no_evict ? bit_no_evict : 0) |
           (client.in_multi ? bit_in_multi : 0) | (client.multi_failed ? bit_multi_failed : 0) |
           (client.closing ? bit_closing : 0) | (client.local ? bit_local : 0);
}

void set_bits(Client& client, std::uint64_t bits) noexcept {
    client.authenticated = (bits & bit_authenticated) != 0;
    client.no_evict = (bits & bit_no_evict) != 0;
    client.in_multi = (bits & bit_in_multi) != 0;
    client.multi_failed = (bits & bit_multi_failed) != 0;
    client.closing = (bits & bit_closing) != 0;
    client.local = (bits & bit_local) != 0;
}

void save_transaction(const Client& client, StateOut& out) {
    out.number(client.queued.size());
    for (const QueuedArgs& args : client.queued) {
        out.number(args.size());
        for (const std::string& arg : args) {
            out.text(arg);
        }
    }
    out.number(client.watched.size());
    for (const WatchedKey& watched : client.watched) {
        out.number(static_cast<std::uint64_t>(watched.database));
        out.text(watched.key);
        out.number(watched.fingerprint);
        out.number(watched.touched ? 1 : 0);
    }
}

void restore_transaction(StateIn& in, Client& client) {
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
        QueuedArgs args;
        for (std::uint64_t more = in.count(); more > 0 && in.ok(); --more) {
            args.emplace_back(in.text());
            client.queued_bytes += args.back().size() + sizeof(std::string);
        }
        if (!args.empty()) {
            client.queued.push_back(std::move(args));
        }
    }
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
        WatchedKey watched{};
        watched.database = static_cast<int>(in.number() % databases);
        watched.key = in.text();
        watched.fingerprint = in.number();
        watched.touched = in.number() != 0;
        client.watched.push_back(std::move(watched));
    }
}

void restore_names(StateIn& in, std::set<std::string, std::less<>>& names) {
    for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
        names.emplace(in.text());
    }
}

} // namespace

std::string save_client(const Client& client) {
    StateOut out;
    out.number(state_format);
    out.number(client.id);
    out.number(bits_of(client));
    out.number(static_cast<std::uint64_t>(client.protocol));
    out.number(static_cast<std::uint64_t>(client.replies));
    out.number(static_cast<std::uint64_t>(client.database));
    out.number(static_cast<std::uint64_t>(client.since.count()));
    out.number(static_cast<std::uint64_t>(client.last.count()));
    for (const std::string* text : {&client.name, &client.library, &client.library_version,
                                    &client.address, &client.local_address, &client.input}) {
        out.text(*text);
    }
    out.text(std::string_view(client.output).substr(client.sent));
    for (const auto* names : {&client.channels, &client.patterns}) {
        out.number(names->size());
        for (const std::string& name : *names) {
            out.text(name);
        }
    }
    save_transaction(client, out);
    return out.take();
}

bool restore_client(std::string_view state, Client& client) {
    StateIn in(state);
    if (in.number() != state_format) {
        return false;
    }
    client.id = in.number();
    set_bits(client, in.number());
    client.protocol = in.number() == 3 ? 3 : 2;
    client.replies = static_cast<Replies>(in.number() % 4);
    client.database = static_cast<int>(in.number() % databases);
    client.since = Instant(in.number());
    client.last = Instant(in.number());
    for (std::string* text :
         {&client.name, &client.library, &client.library_version, &client.address,
          &client.local_address, &client.input, &client.output}) {
        *text = in.text();
    }
    restore_names(in, client.channels);
    restore_names(in, client.patterns);
    restore_transaction(in, client);
    return in.at_end() && client.id != 0;
}

} // namespace cache::resp
