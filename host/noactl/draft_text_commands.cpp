#include "noactl/draft_text_commands.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

#include <sodium.h>

#include "noactl/ask_agent.hpp"
#include "noactl/document_commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

using nlohmann::json;

namespace {

constexpr std::chrono::milliseconds export_timeout{70'000}; // a PDF takes a minute at most

// In a build tree it lies with its plugin; installed, in libexec.
std::filesystem::path lint_program() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto beside = self.parent_path().parent_path().parent_path() / "plugins" / "drafting" /
                        "lint" / "noa-draft-lint";
    return !error && std::filesystem::exists(beside, error)
               ? beside
               : std::filesystem::path(NOA_LIBEXEC_DIR) / "noa-draft-lint";
}

std::vector<std::string> lint_words(const DraftTextArgs& args, const std::string& program) {
    std::vector<std::string> words{program, "--fail-on", args.fail_on};
    const auto add = [&words](const char* name, const std::string& value) {
        if (!value.empty()) {
            words.emplace_back(name);
            words.push_back(value);
        }
    };
    add("--format", args.format);
    add("--syntax", args.syntax);
    add("--dictionary", args.dictionary);
    for (const auto& file : args.rules) {
        add("--rules", file);
    }
    for (const auto& file : args.personal) {
        add("--personal", file);
    }
    if (args.no_plain_english) {
        words.emplace_back("--no-plain-english");
    }
    if (args.suggest) {
        words.emplace_back("--suggest");
    }
    words.emplace_back("--");
    words.insert(words.end(), args.files.begin(), args.files.end());
    return words;
}

Result<std::string> content_of(const json& answer) {
    const auto found = answer.find("base64");
    if (found == answer.end() || !found->is_string()) {
        return member(answer, "content");
    }
    const auto& text = found->get_ref<const std::string&>();
    std::string bytes(text.size(), '\0');
    std::size_t size = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                          text.size(), nullptr, &size, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
        return fail(Errc::invalid, "draft export", "drafting", "the answer is no base64");
    }
    bytes.resize(size);
    return bytes;
}

Result<int> write_out(const std::string& content, const std::string& file) {
    if (file.empty() || file == "-") {
        std::cout << content << std::flush;
        return std::cout ? Result<int>(exit_ok)
                         : fail(Errc::unavailable, "draft export", "standard output",
                                "it cannot be written");
    }
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << content << std::flush;
    return out ? Result<int>(exit_ok)
               : fail(Errc::unavailable, "draft export", file,
                      std::system_category().message(errno));
}

std::string actor(const DraftTextArgs& args) {
    return args.as.empty() ? user_name() : args.as;
}

std::string format_of(const std::string& file) {
    const std::string ending = std::filesystem::path(file).extension().string();
    return ending == ".html" || ending == ".htm" ? "html" : "markdown";
}

} // namespace

int draft_lint(const Globals& /*globals*/, const DraftTextArgs& args) {
    std::string name = lint_program().string();
    auto words = lint_words(args, name);
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    ::execv(name.c_str(), argv.data());
    complain(fail(Errc::unavailable, "draft lint", name, std::system_category().message(errno),
                  errno == ENOENT ? "it comes with the package noa-agents" : "")
                 .value());
    return exit_usage;
}

int draft_export(const Globals& globals, const DraftTextArgs& args) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_agent(client, "drafting", "export",
                                      {{"id", args.id},
                                       {"format", args.format.empty() ? "markdown" : args.format},
                                       {"as", actor(args)}},
                                      export_timeout);
        if (!answer) {
            return Failure(answer.error());
        }
        const auto content = content_of(*answer);
        if (!content) {
            return Failure(content.error());
        }
        return write_out(*content, args.file);
    });
}

int draft_import(const Globals& globals, const DraftTextArgs& args) {
    const std::string file = args.files.empty() ? "-" : args.files.front();
    const auto content = read_input(file);
    if (!content) {
        complain(content.error());
        return exit_usage;
    }
    json body{{"content", *content},
              {"format", args.format.empty() ? format_of(file) : args.format},
              {"as", actor(args)}};
    for (const auto& [name, value] : {std::pair<const char*, const std::string&>{"id", args.id},
                                      {"title", args.title},
                                      {"type", args.type}}) {
        if (!value.empty()) {
            body[name] = value;
        }
    }
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_agent(client, "drafting", "import", body, export_timeout);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer,
              [](const json& made) { return "draft " + member(made, "id") + " made\n"; });
        return exit_ok;
    });
}

} // namespace noa::noactl
