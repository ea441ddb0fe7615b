// A command: what Redis says of it, and what does it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "request.hpp"

namespace cache::resp {

struct Call;
using Handler = void (*)(Call&);

// Bits; named as COMMAND INFO has them.
using Flags = std::uint32_t;
inline constexpr Flags writes = 1U << 0U;
inline constexpr Flags reads = 1U << 1U;
inline constexpr Flags denies_oom = 1U << 2U;
inline constexpr Flags admin = 1U << 3U;
inline constexpr Flags pubsub_flag = 1U << 4U;
inline constexpr Flags fast = 1U << 5U;
inline constexpr Flags no_auth = 1U << 6U;
inline constexpr Flags no_multi = 1U << 7U; // is not queued by MULTI, but done
inline constexpr Flags loading = 1U << 8U;
inline constexpr Flags stale = 1U << 9U;
inline constexpr Flags subscribed = 1U << 10U; // allowed in RESP2 after SUBSCRIBE; not shown
inline constexpr Flags dangerous = 1U << 11U;  // a category; not shown
inline constexpr Flags container = 1U << 12U;  // its first argument is a command; not shown

enum class Group : std::uint8_t {
    string,
    hash,
    list,
    set,
    generic,
    pubsub,
    transactions,
    connection,
    server
};
[[nodiscard]] std::string_view name_of(Group group) noexcept;

// Which arguments are keys: from `first` to `last` (below 0: from the end), each `step`th; 0: none.
struct Keys {
    int first = 0;
    int last = 0;
    int step = 0;
};

struct Command {
    std::string_view name; // lower case
    int arity;             // name included; below 0: at least
    Flags flags;
    Keys keys;
    Handler run;
    Group group;
    std::string_view since;  // of Redis
    std::string_view syntax; // of the arguments: "key value [NX | XX]"
    std::string_view summary;

    [[nodiscard]] bool takes(std::size_t args) const noexcept {
        return arity >= 0 ? args == static_cast<std::size_t>(arity)
                          : args >= static_cast<std::size_t>(-arity);
    }
};

inline constexpr Keys no_keys{};
inline constexpr Keys one_key{1, 1, 1};
inline constexpr Keys two_keys{1, 2, 1};
inline constexpr Keys all_keys{1, -1, 1};
inline constexpr Keys each_second_key{1, -1, 2};
inline constexpr Keys second_is_key{2, 2, 1};

// A line of a table.
constexpr Command entry(std::string_view name, int arity, Flags flags, Keys keys, Handler run,
                        Group group, std::string_view since, std::string_view syntax,
                        std::string_view summary) noexcept {
    return {name, arity, flags, keys, run, group, since, syntax, summary};
}

// By group; the tables are constants.
std::span<const Command> string_commands() noexcept;
std::span<const Command> number_commands() noexcept;
std::span<const Command> byte_commands() noexcept;
std::span<const Command> key_commands() noexcept;
std::span<const Command> look_commands() noexcept;
std::span<const Command> expiry_commands() noexcept;
std::span<const Command> hash_commands() noexcept;
std::span<const Command> hash_look_commands() noexcept;
std::span<const Command> list_commands() noexcept;
std::span<const Command> list_edit_commands() noexcept;
std::span<const Command> set_commands() noexcept;
std::span<const Command> set_algebra_commands() noexcept;
std::span<const Command> pubsub_commands() noexcept;
std::span<const Command> transaction_commands() noexcept;
std::span<const Command> connection_commands() noexcept;
std::span<const Command> client_commands() noexcept;
std::span<const Command> server_commands() noexcept;
std::span<const Command> command_commands() noexcept;

inline constexpr std::size_t longest_command_name = 32;

// All of them, found by name in any case.
class Commands {
public:
    Commands();

    [[nodiscard]] const Command* find(std::string_view name) const noexcept;
    [[nodiscard]] std::span<const Command* const> all() const noexcept { return all_; }
    // Its place in `all`.
    [[nodiscard]] std::size_t number_of(const Command& command) const noexcept;

private:
    struct Place {
        const Command* command = nullptr;
        std::uint32_t number = 0;
    };
    [[nodiscard]] const Place* place_of(std::string_view name) const noexcept;

    std::vector<const Command*> all_;
    std::array<Place, 1024> places_{}; // open addressing, never half full
};

// Where the keys of a request are; nothing when there are fewer arguments than it takes.
[[nodiscard]] std::vector<std::string_view> keys_of(const Command& command, Args args);
[[nodiscard]] bool same_word(std::string_view text, std::string_view lower) noexcept;
[[nodiscard]] std::string lower_case(std::string_view text);

} // namespace cache::resp
