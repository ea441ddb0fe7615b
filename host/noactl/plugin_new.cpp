#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/names.hpp"
#include "noactl/plugin_commands.hpp"
#include "plugin/text.hpp"

namespace noa::noactl {

namespace {

namespace fs = std::filesystem;

constexpr const char* new_attempt = "make project";
constexpr std::size_t template_file_max = std::size_t{1024} * 1024;
constexpr const char* template_author = "Your Name <you@example.org>";
constexpr const char* template_date = "Thu, 01 Jan 1970 00:00:00 +0000";
constexpr const char* template_year = "1970"; // of the copyright

// Names of targets that meson keeps for itself, and of agents that are the host's.
constexpr std::array<std::string_view, 16> taken_names = {
    "all",     "benchmark", "clean",   "coverage", "dist",        "docs", "help", "host",
    "install", "noa",       "outside", "phony",    "reconfigure", "self", "test", "uninstall"};

const char* folder_of(Language language) noexcept {
    switch (language) {
    case Language::c: return "c";
    case Language::cpp: return "cpp";
    case Language::rust: return "rust";
    }
    return "cpp";
}

std::string type_name(std::string_view name) {
    std::string out;
    bool upper = true;
    for (const char c : name) {
        if (c == '-') {
            upper = true;
            continue;
        }
        out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        upper = false;
    }
    // Never a name that the template has for something else.
    return out.ends_with("Agent") ? out : out + "Agent";
}

std::string from_environment(const char* name) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): there is one thread
    return value != nullptr && plugin::is_line(value) ? value : "";
}

std::string changelog_date(const std::tm& utc) {
    constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s, %02d %s %d %02d:%02d:%02d +0000",
                  days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                  months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                  utc.tm_min, utc.tm_sec);
    return text.data();
}

void replace_all(std::string& text, std::string_view what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
        text.replace(at, what.size(), with);
        at += with.size();
    }
}

Result<void> write_new(const fs::path& path, std::string_view text, bool executable) {
    const UniqueFd fd(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, executable ? 0777 : 0666));
    while (fd && !text.empty()) {
        const ssize_t wrote = ::write(fd.get(), text.data(), text.size());
        if (wrote < 0 && errno != EINTR) {
            return fail_errno(new_attempt, path.string(), errno);
        }
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(wrote, 0)));
    }
    return fd ? Result<void>() : fail_errno(new_attempt, path.string(), errno);
}

// One folder of the template into `target`, which may have some of its directories already.
Result<void> copy_template(const fs::path& source, const fs::path& target,
                           const ProjectWords& words) {
    std::error_code error;
    fs::recursive_directory_iterator entries(source, error);
    if (error) {
        return fail_errno(new_attempt, source.string(), error.value(),
                          "install noa-plugin-dev, or see --templates");
    }
    for (; entries != fs::recursive_directory_iterator(); entries.increment(error)) {
        const auto inside = entries->path().lexically_relative(source).string();
        const auto place = target / fill_in(inside, words);
        if (entries->is_directory(error)) {
            fs::create_directories(place, error);
        } else {
            struct stat info {};
            const auto text = read_file(entries->path(), template_file_max, &info);
            if (!text) {
                return Failure(text.error());
            }
            if (auto wrote = write_new(place, fill_in(*text, words), (info.st_mode & S_IXUSR) != 0);
                !wrote) {
                return wrote;
            }
        }
        if (error) {
            return fail_errno(new_attempt, place.string(), error.value());
        }
    }
    return {};
}

// Written beside under another name; there when whole.
Result<void> write_project(const NewProject& project, const fs::path& target) {
    const auto parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
    std::string beside = (parent / ("." + target.filename().string() + ".XXXXXX")).string();
    if (::mkdtemp(beside.data()) == nullptr) {
        return fail_errno(new_attempt, target.string(), errno);
    }
    const auto words = words_for(project.name);
    auto done = copy_template(project.templates / "all", beside, words);
    if (done) {
        done = copy_template(project.templates / folder_of(project.language), beside, words);
    }
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (done && ::chmod(beside.c_str(), 0777 & ~mask) != 0) {
        done = fail_errno(new_attempt, target.string(), errno);
    }
    if (done &&
        ::renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) {
        done = errno == EEXIST ? Result<void>(fail(Errc::refused, new_attempt, target.string(),
                                                   "it exists already", "remove it, or see --dir"))
                               : Result<void>(fail_errno(new_attempt, target.string(), errno));
    }
    if (!done) {
        std::error_code ignored;
        fs::remove_all(beside, ignored);
    }
    return done;
}

} // namespace

Result<void> check_project_name(std::string_view name) {
    const auto refuse = [&](std::string reason) {
        return fail(Errc::invalid, new_attempt, std::string(name), std::move(reason),
                    "a name is a-z first, then a-z, 0-9 and single -, as in my-agent");
    };
    // "noa-plugin-" before it is a package's name, "_test" behind it a file's.
    const bool spelled = is_agent_name(name) && name.size() >= 2 && name.size() <= 40 &&
                         name.front() >= 'a' && name.back() != '-' &&
                         name.find('_') == std::string_view::npos &&
                         name.find("--") == std::string_view::npos;
    if (!spelled) {
        return refuse("a plugin's project cannot be called so");
    }
    if (std::find(taken_names.begin(), taken_names.end(), name) != taken_names.end()) {
        return refuse("the name is taken: by the host, or by the build");
    }
    return {};
}

ProjectWords words_for(std::string_view name) {
    ProjectWords words;
    words.agent = name;
    words.file = name;
    std::replace(words.file.begin(), words.file.end(), '-', '_');
    words.type = type_name(name);
    const auto author = from_environment("DEBFULLNAME");
    const auto address = from_environment("DEBEMAIL");
    words.author =
        author.empty() || address.empty() ? template_author : author + " <" + address + ">";
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    words.date = changelog_date(utc);
    words.year = std::to_string(utc.tm_year + 1900);
    return words;
}

std::string fill_in(std::string_view text, const ProjectWords& words) {
    std::string out(text);
    replace_all(out, "my-agent", words.agent);
    replace_all(out, "my_agent", words.file);
    replace_all(out, "MyAgent", words.type);
    replace_all(out, template_author, words.author);
    replace_all(out, template_date, words.date);
    replace_all(out, template_year, words.year);
    return out;
}

int make_project(const Globals& globals, const NewProject& project) {
    const auto target = project.directory.empty() ? fs::path(project.name) : project.directory;
    auto done = check_project_name(project.name);
    if (done) {
        done = write_project(project, target);
    }
    if (!done) {
        complain(done.error());
        return exit_code_of(done.error().code);
    }
    print(globals,
          {{"name", project.name},
           {"directory", target.string()},
           {"language", folder_of(project.language)}},
          [&](const nlohmann::json&) {
              return target.string() + ": see its README.md; to build and test it:\n" + "  cd " +
                     target.string() +
                     " && meson setup build && ninja -C build && meson test -C build\n";
          });
    return exit_ok;
}

} // namespace noa::noactl
