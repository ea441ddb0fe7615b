#include "call.hpp"

#include "number.hpp"

namespace cache::resp {

Kind kind_of(Type type) noexcept {
    switch (type) {
    case Type::hash: return Kind::hash;
    case Type::list: return Kind::list;
    case Type::set: return Kind::set;
    default: return Kind::string;
    }
}

std::string_view name_of(Kind kind) noexcept {
    switch (kind) {
    case Kind::hash: return "hash";
    case Kind::list: return "list";
    case Kind::set: return "set";
    default: return "string";
    }
}

std::string err(std::string_view text) {
    return std::string("ERR ").append(text);
}

Looked Call::get(std::string_view key, Kind kind) {
    const auto value = keys.get(key);
    if (value && kind_of(value->type) != kind) {
        reply.error(words::wrong_type);
        return {true};
    }
    return {false, value};
}

Looked Call::find(std::string_view key, Kind kind) {
    const auto value = keys.find(key);
    if (value && kind_of(value->type) != kind) {
        reply.error(words::wrong_type);
        return {true};
    }
    return {false, value};
}

bool Call::store(std::string_view key, std::string_view value, const SetOptions& options) {
    switch (keys.set(key, value, options)) {
    case Stored::too_large: reply.error(words::too_large); return false;
    case Stored::no_room: reply.error(words::no_room); return false;
    default: return true;
    }
}

bool Call::update(std::string_view key, std::string_view value, Type type) {
    return store(key, value, {.type = type, .keep = Keep::all});
}

std::optional<std::int64_t> Call::integer(std::size_t at, std::string_view error) {
    const auto value = whole_number(args[at]);
    if (!value) {
        reply.error(error);
    }
    return value;
}

std::optional<long double> Call::real(std::size_t at, std::string_view error) {
    const auto value = real_number(args[at]);
    if (!value) {
        reply.error(error);
    }
    return value;
}

void Call::wrong_arity() {
    reply.error(std::string("ERR wrong number of arguments for '")
                    .append(command.name)
                    .append("' command"));
}

void Call::wrong_subcommand_arity() {
    reply.error(std::string("ERR wrong number of arguments for '")
                    .append(command.name)
                    .append("|")
                    .append(lower_case(args[1].substr(0, 128)))
                    .append("' command"));
}

void Call::unknown_subcommand() {
    std::string upper(command.name);
    for (char& letter : upper) {
        letter = static_cast<char>(letter & ~0x20);
    }
    reply.error(std::string("ERR unknown subcommand '")
                    .append(args[1].substr(0, 128))
                    .append("'. Try ")
                    .append(upper)
                    .append(" HELP."));
}

void Call::help(std::initializer_list<std::string_view> lines) {
    reply.array(lines.size());
    for (const std::string_view line : lines) {
        reply.simple(line);
    }
}

} // namespace cache::resp
