// A command at work: what it is given, and what several of them need to answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client.hpp"
#include "hub.hpp"
#include "keyspace.hpp"
#include "reply.hpp"

namespace cache::resp {

// What is asked of a key; JSON that the bus has set is a string.
enum class Kind : std::uint8_t { string, hash, list, set };
[[nodiscard]] Kind kind_of(Type type) noexcept;
[[nodiscard]] std::string_view name_of(Kind kind) noexcept;

namespace words {

inline constexpr std::string_view wrong_type =
    "WRONGTYPE Operation against a key holding the wrong kind of value";
inline constexpr std::string_view syntax = "ERR syntax error";
inline constexpr std::string_view no_key = "ERR no such key";
inline constexpr std::string_view not_integer = "ERR value is not an integer or out of range";
inline constexpr std::string_view not_float = "ERR value is not a valid float";
inline constexpr std::string_view out_of_range = "ERR value is out of range";
inline constexpr std::string_view index_out_of_range = "ERR index out of range";
inline constexpr std::string_view overflow = "ERR increment or decrement would overflow";
inline constexpr std::string_view too_large =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
inline constexpr std::string_view no_room =
    "OOM command not allowed when used memory > 'maxmemory'.";

} // namespace words

// What a look at a key came to. `wrong`: another kind is there, and the client has been told.
struct Looked {
    bool wrong = false;
    std::optional<Value> value = {};
};

struct Call {
    Args args; // the name first
    Client& client;
    Reply& reply;
    Keyspace& keys;
    Hub& hub;
    const Command& command;

    [[nodiscard]] std::string_view arg(std::size_t at) const noexcept { return args[at]; }
    [[nodiscard]] std::size_t size() const noexcept { return args.size(); }
    [[nodiscard]] bool is(std::size_t at, std::string_view lower) const noexcept {
        return same_word(args[at], lower);
    }

    // As a use of the key.
    Looked get(std::string_view key, Kind kind);
    // To change it, or to tell of it.
    Looked find(std::string_view key, Kind kind);
    // Writes; false, and the client has been told, when the store does not take it.
    bool store(std::string_view key, std::string_view value, const SetOptions& options);
    // Keeps end and tags.
    bool update(std::string_view key, std::string_view value, Type type);

    // An argument as a number; nothing, and the client has been told why.
    std::optional<std::int64_t> integer(std::size_t at,
                                        std::string_view error = words::not_integer);
    std::optional<long double> real(std::size_t at, std::string_view error = words::not_float);

    void syntax_error() { reply.error(words::syntax); }
    void wrong_arity();
    void unknown_subcommand();
    void wrong_subcommand_arity();
    // OBJECT HELP and the like.
    void help(std::initializer_list<std::string_view> lines);
};

// "ERR …" before the text.
[[nodiscard]] std::string err(std::string_view text);

} // namespace cache::resp
