#include "command.hpp"

#include <algorithm>
#include <string>

namespace cache::resp {

namespace {

constexpr char lowered(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
}

std::uint32_t hash_of_name(std::string_view name) noexcept {
    std::uint32_t hash = 2'166'136'261U;
    for (const char letter : name) {
        hash = (hash ^ static_cast<std::uint8_t>(lowered(letter))) * 16'777'619U;
    }
    return hash ^ (hash >> 15U);
}

} // namespace

bool same_word(std::string_view text, std::string_view lower) noexcept {
    if (text.size() != lower.size()) {
        return false;
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (lowered(text[at]) != lower[at]) {
            return false;
        }
    }
    return true;
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lowered);
    return out;
}

std::string_view name_of(Group group) noexcept {
    static constexpr std::array<std::string_view, 9> names{"string",       "hash",       "list",
                                                           "set",          "generic",    "pubsub",
                                                           "transactions", "connection", "server"};
    return names[static_cast<std::size_t>(group)];
}

Commands::Commands() {
    for (const auto table :
         {string_commands(), number_commands(), byte_commands(), key_commands(), look_commands(),
          expiry_commands(), hash_commands(), hash_look_commands(), list_commands(),
          list_edit_commands(), set_commands(), set_algebra_commands(), pubsub_commands(),
          transaction_commands(), connection_commands(), client_commands(), server_commands(),
          command_commands()}) {
        for (const Command& command : table) {
            std::size_t at = hash_of_name(command.name) % places_.size();
            while (places_[at].command != nullptr) {
                at = (at + 1) % places_.size();
            }
            places_[at] = {&command, static_cast<std::uint32_t>(all_.size())};
            all_.push_back(&command);
        }
    }
}

const Commands::Place* Commands::place_of(std::string_view name) const noexcept {
    if (name.size() > longest_command_name) {
        return nullptr;
    }
    for (std::size_t at = hash_of_name(name) % places_.size(); places_[at].command != nullptr;
         at = (at + 1) % places_.size()) {
        if (same_word(name, places_[at].command->name)) {
            return &places_[at];
        }
    }
    return nullptr;
}

const Command* Commands::find(std::string_view name) const noexcept {
    const Place* place = place_of(name);
    return place == nullptr ? nullptr : place->command;
}

std::size_t Commands::number_of(const Command& command) const noexcept {
    return place_of(command.name)->number;
}

std::vector<std::string_view> keys_of(const Command& command, Args args) {
    std::vector<std::string_view> keys;
    const Keys& where = command.keys;
    if (where.first == 0 || !command.takes(args.size())) {
        return keys;
    }
    const auto count = static_cast<int>(args.size());
    const int last = where.last < 0 ? count + where.last : where.last;
    for (int at = where.first; at <= last && at < count; at += where.step) {
        keys.push_back(args[static_cast<std::size_t>(at)]);
    }
    return keys;
}

} // namespace cache::resp
