#include "supervise/ledger.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/names.hpp"

namespace noa::supervise {

using nlohmann::json;

namespace {

constexpr std::size_t max_good = 64;
constexpr std::size_t max_text = 2000;
constexpr std::size_t digest_digits = 64;

bool is_digest(const std::string& text) {
    return text.size() == digest_digits &&
           text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Reads the members of one object; remembers whether all were as they should be.
class Members {
public:
    explicit Members(const json& object) : object_(object), good_(object.is_object()) {}

    std::string text(const char* key) {
        const auto* value = find(key);
        if (value == nullptr || !value->is_string() ||
            value->get_ref<const std::string&>().size() > max_text) {
            good_ = false;
            return {};
        }
        return value->get<std::string>();
    }
    std::string digest(const char* key) {
        auto value = text(key);
        good_ = good_ && is_digest(value);
        return value;
    }
    template <class Number>
    Number number(const char* key) {
        const auto* value = find(key);
        if (value == nullptr || !value->is_number_integer() || value->get<std::int64_t>() < 0) {
            good_ = false;
            return 0;
        }
        return value->get<Number>();
    }
    [[nodiscard]] bool good() const noexcept { return good_; }

private:
    const json* find(const char* key) const {
        if (!object_.is_object()) {
            return nullptr;
        }
        const auto found = object_.find(key);
        return found != object_.end() ? &*found : nullptr;
    }
    const json& object_;
    bool good_;
};

template <class Entry, class Read>
bool read_list(const json& page, const char* key, std::size_t limit, std::vector<Entry>& out,
               Read&& read) {
    const auto list = page.find(key);
    if (list == page.end() || !list->is_array() || list->size() > limit) {
        return false;
    }
    for (const auto& each : *list) {
        Members members(each);
        out.push_back(read(members));
        if (!members.good()) {
            return false;
        }
    }
    return true;
}

bool read_trial(const json& page, std::optional<Trial>& out) {
    const auto found = page.find("trial");
    if (found == page.end() || found->is_null()) {
        return found != page.end();
    }
    Members members(*found);
    out = Trial{members.digest("digest"),
                members.text("version"),
                members.text("phase"),
                members.number<std::uint64_t>("generation"),
                members.number<std::int64_t>("since_unix_ns"),
                members.number<std::uint32_t>("unexplained")};
    return members.good();
}

template <class Entry>
auto find_digest(std::vector<Entry>& list, std::string_view digest) {
    return std::find_if(list.begin(), list.end(),
                        [&](const auto& each) { return each.digest == digest; });
}

template <class Entry>
const Entry* lookup(const std::vector<Entry>& list, std::string_view digest) {
    const auto found = std::find_if(list.begin(), list.end(),
                                    [&](const auto& each) { return each.digest == digest; });
    return found != list.end() ? &*found : nullptr;
}

} // namespace

const Rejection* LedgerPage::rejection_of(std::string_view digest) const noexcept {
    return lookup(rejected, digest);
}

bool LedgerPage::is_good(std::string_view digest) const noexcept {
    return lookup(good, digest) != nullptr;
}

const GoodVersion* LedgerPage::fallback() const noexcept {
    if (const auto* wanted = lookup(good, chosen)) {
        return wanted;
    }
    const auto found = std::find_if(good.begin(), good.end(), [&](const auto& each) {
        return rejection_of(each.digest) == nullptr;
    });
    return found != good.end() ? &*found : nullptr;
}

void LedgerPage::confirm(GoodVersion version, std::size_t keep) {
    acquit(version.digest);
    if (trial && trial->digest == version.digest) {
        trial.reset();
    }
    if (chosen != version.digest) {
        chosen.clear();
    }
    if (!good.empty() && good.front().digest == version.digest) {
        good.resize(std::min(good.size(), keep));
        return;
    }
    if (const auto known = find_digest(good, version.digest); known != good.end()) {
        good.erase(known);
    }
    good.insert(good.begin(), std::move(version));
    good.resize(std::min(good.size(), keep));
}

void LedgerPage::reject(Rejection rejection) {
    if (trial && trial->digest == rejection.digest) {
        trial.reset();
    }
    acquit(rejection.digest);
    rejected.insert(rejected.begin(), std::move(rejection));
    rejected.resize(std::min(rejected.size(), max_rejected));
}

void LedgerPage::acquit(std::string_view digest) {
    if (const auto found = find_digest(rejected, digest); found != rejected.end()) {
        rejected.erase(found);
    }
}

json to_json(const LedgerPage& page) {
    auto good = json::array();
    for (const auto& each : page.good) {
        good.push_back({{"digest", each.digest},
                        {"version", each.version},
                        {"plugin", each.plugin},
                        {"confirmed_unix_ns", each.confirmed_unix_ns}});
    }
    auto rejected = json::array();
    for (const auto& each : page.rejected) {
        rejected.push_back({{"digest", each.digest},
                            {"version", each.version},
                            {"reason", each.reason},
                            {"at_unix_ns", each.at_unix_ns}});
    }
    json trial;
    if (page.trial) {
        trial = {{"digest", page.trial->digest},
                 {"version", page.trial->version},
                 {"phase", page.trial->phase},
                 {"generation", page.trial->generation},
                 {"since_unix_ns", page.trial->since_unix_ns},
                 {"unexplained", page.trial->unexplained}};
    }
    return {{"good", std::move(good)},
            {"rejected", std::move(rejected)},
            {"trial", std::move(trial)},
            {"isolated", page.isolated},
            {"chosen", page.chosen}};
}

Result<LedgerPage> page_from_json(std::string_view text, const std::string& object) {
    const auto refuse = [&] {
        return fail(Errc::invalid, "read ledger", object, "not a page of this ledger");
    };
    if (text.size() > Ledger::max_page_bytes) {
        return refuse();
    }
    const auto parsed = json::parse(text, nullptr, false);
    if (!parsed.is_object()) {
        return refuse();
    }
    LedgerPage page;
    const bool read =
        read_list(parsed, "good", max_good, page.good,
                  [](Members& in) {
                      return GoodVersion{in.digest("digest"), in.text("version"), in.text("plugin"),
                                         in.number<std::int64_t>("confirmed_unix_ns")};
                  }) &&
        read_list(parsed, "rejected", LedgerPage::max_rejected, page.rejected,
                  [](Members& in) {
                      return Rejection{in.digest("digest"), in.text("version"), in.text("reason"),
                                       in.number<std::int64_t>("at_unix_ns")};
                  }) &&
        read_trial(parsed, page.trial);
    Members members(parsed);
    page.chosen = members.text("chosen");
    page.isolated = parsed.contains("isolated") ? members.text("isolated") : ""; // younger
    const auto fits = [](const std::string& digest) { return digest.empty() || is_digest(digest); };
    if (!read || !members.good() || !fits(page.chosen) || !fits(page.isolated)) {
        return refuse();
    }
    return page;
}

Ledger::Ledger(Ledger&& other) noexcept
    : directory_(other.directory_), pages_(std::move(other.pages_)) {}

Result<Ledger> Ledger::open(const std::filesystem::path& directory, std::vector<Error>& problems) {
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail_errno("make directory", directory.string(), errno);
    }
    Ledger ledger(directory);
    std::error_code code;
    for (std::filesystem::directory_iterator at(directory, code), end; !code && at != end;
         at.increment(code)) {
        const auto& file = at->path();
        const auto agent = file.stem().string();
        if (file.extension() != ".json" || !is_agent_name(agent)) {
            continue;
        }
        const auto text = read_file(file, max_page_bytes);
        auto page =
            text ? page_from_json(*text, file.string()) : Result<LedgerPage>(Failure(text.error()));
        if (page) {
            ledger.pages_.emplace(agent, std::move(*page));
            continue;
        }
        auto problem = page.error();
        problem.advice = "put aside as " + file.string() + ".bad; the agent starts without a past";
        problems.push_back(std::move(problem));
        std::error_code ignored;
        std::filesystem::rename(file, file.string() + ".bad", ignored);
    }
    if (code) {
        return fail_errno("read ledger", directory.string(), code.value());
    }
    return ledger;
}

LedgerPage Ledger::page(const std::string& agent) const {
    const std::lock_guard lock(mutex_);
    const auto found = pages_.find(agent);
    return found != pages_.end() ? found->second : LedgerPage{};
}

std::vector<std::string> Ledger::agents() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, page] : pages_) {
        names.push_back(name);
    }
    return names;
}

Result<void> Ledger::update(const std::string& agent, Durable durable,
                            const std::function<void(LedgerPage&)>& change) {
    const std::lock_guard lock(mutex_); // through the write: pages reach the disk in order
    auto& page = pages_[agent];
    const auto before = page;
    change(page);
    if (page == before) {
        return {};
    }
    return replace_file(directory_ / (agent + ".json"), to_json(page).dump(), durable,
                        "write ledger");
}

} // namespace noa::supervise
