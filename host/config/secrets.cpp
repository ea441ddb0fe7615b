#include "config/secrets.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/result.hpp"
#include "base/utf8.hpp"
#include "config/files.hpp"

namespace noa::config {

using nlohmann::json;
using Environment = std::map<std::string, std::string>;

namespace {

constexpr std::size_t max_secret_bytes = std::size_t{64} * 1024;

using Text = tl::expected<std::string, std::string>; // or why not

tl::unexpected<std::string> why(std::string reason) {
    return tl::unexpected(std::move(reason));
}

Text read_secret_file(const std::string& path) {
    if (!path.starts_with('/') || path.find('\0') != std::string::npos) {
        return why("the path must be absolute");
    }
    struct stat info {};
    auto text = read_file(path, max_secret_bytes, &info);
    if (!text) {
        return why(text.error().reason);
    }
    if ((info.st_mode & (S_IROTH | S_IWOTH)) != 0) {
        return why("everybody may read or write the file; chmod o-rwx it");
    }
    return std::move(*text);
}

Text read_credential(const std::string& name, const Environment& environment) {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
        return why("a credential's name is one file name");
    }
    const auto directory = environment.find("CREDENTIALS_DIRECTORY");
    if (directory == environment.end() || directory->second.empty()) {
        return why("the service manager passed no credentials (LoadCredential= in the unit)");
    }
    return read_secret_file(directory->second + '/' + name);
}

Text read_reference(const std::string& reference, const Environment& environment) {
    const auto colon = reference.find(':');
    const auto scheme = reference.substr(0, colon == std::string::npos ? 0 : colon);
    const auto target = reference.substr(scheme.empty() ? 0 : colon + 1);
    if (scheme == "file") {
        return read_secret_file(target);
    }
    if (scheme == "credential") {
        return read_credential(target, environment);
    }
    if (scheme == "env") {
        const auto found = environment.find(target);
        return found == environment.end() ? Text(why("the variable is not set"))
                                          : Text(found->second);
    }
    // A secret that somebody wrote here must not be repeated.
    return why("expected \"file:/path\", \"env:NAME\" or \"credential:NAME\"");
}

// Cuts and checks the text.
Text finished(std::string text) {
    if (text.ends_with('\n')) {
        text.pop_back();
        if (text.ends_with('\r')) {
            text.pop_back();
        }
    }
    if (text.size() > max_secret_bytes) {
        return why("larger than 64 KiB");
    }
    for (std::string_view rest = text; !rest.empty();) {
        const auto point = first_code_point(rest);
        if (!point.valid || point.value == 0) {
            return why("not UTF-8 text");
        }
        rest.remove_prefix(point.bytes);
    }
    return text;
}

class Resolver {
public:
    Resolver(const Origins& origins, const Environment& environment, Problems& problems)
        : origins_(origins), environment_(environment), problems_(problems) {}

    void walk(json& value, const std::string& path, const std::string& pointer) {
        if (is_secret_reference(value)) {
            resolve(value, path, pointer);
        } else if (value.is_object()) {
            for (auto& [key, child] : value.items()) {
                walk(child, dotted(path, key), pointer_child(pointer, key));
            }
        } else if (value.is_array()) {
            for (std::size_t i = 0; i < value.size(); ++i) {
                walk(value[i], element(path, i), pointer + '/' + std::to_string(i));
            }
        }
    }

    [[nodiscard]] std::map<std::string, std::string> take() { return std::move(secrets_); }

private:
    void resolve(json& value, const std::string& path, const std::string& pointer) {
        const auto reference = value["secret"].get<std::string>();
        auto text = read_reference(reference, environment_).and_then(finished);
        if (text) {
            value = std::move(*text);
            secrets_.emplace(pointer, reference);
            return;
        }
        const bool known = reference.starts_with("file:") || reference.starts_with("env:") ||
                           reference.starts_with("credential:");
        problems_.add(origin_of(origins_, path), path,
                      "secret" + (known ? ' ' + json(reference).dump() : std::string()) + ": " +
                          text.error());
        value = ""; // nothing is taken from a configuration with a problem
    }

    const Origins& origins_;
    const Environment& environment_;
    Problems& problems_;
    std::map<std::string, std::string> secrets_;
};

} // namespace

std::string pointer_child(const std::string& pointer, std::string_view key) {
    std::string out = pointer + '/';
    for (const char c : key) {
        out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return out;
}

std::map<std::string, std::string> resolve_secrets(json& settings, const std::string& path,
                                                   const Origins& origins,
                                                   const Environment& environment,
                                                   Problems& problems) {
    Resolver resolver(origins, environment, problems);
    resolver.walk(settings, path, "");
    return resolver.take();
}

} // namespace noa::config
