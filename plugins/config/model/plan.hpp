// From what somebody asks for to the changes that are committed: pure, nothing is touched.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "effective.hpp"
#include "tables.hpp"

namespace config {

struct Edit { // NOLINT(bugprone-exception-escape): the json type moves without throwing
    enum class Kind { set, unset, patch, merge, expect };
    Kind kind = Kind::set;
    Key key;
    std::string pointer;                    // set, unset
    noa::Json value;                        // set, merge; the steps of a patch
    std::optional<std::int64_t> if_version; // 0: there must be none
    std::optional<Revision> if_revision;
};

// Who asks, and why; the same for all edits of a transaction.
struct Cause {
    std::string kind = "set";
    std::string author;
    std::string reason;
    std::string at;
    std::string message; // its id
};

struct PlanLimits {
    std::size_t document_bytes = std::size_t{1} << 20U;
    std::size_t documents = 10'000;
    std::uint64_t all_bytes = 256ULL << 20U;
    EffectiveLimits effective;
    std::string environment = "production"; // that documents have to be good in, come what may
};

struct Plan {
    std::vector<Change> changes;  // empty: it is so already
    std::vector<DocumentPtr> now; // what each edit leads to, changed or not; of one unset: nullptr
    std::vector<std::pair<std::string, std::string>> affected; // name and environment
};

class Planner {
public:
    Planner(const Tables& tables, const PlanLimits& limits) : tables_(tables), limits_(limits) {}

    // In order, each on what the ones before left; the end is checked: sizes, schemas, references,
    // templates. An error names the edit's document and pointer, what was expected and found.
    [[nodiscard]] noa::Result<Plan> plan(const std::vector<Edit>& edits, const Cause& cause);
    // As the documents would be, from `plan` on.
    [[nodiscard]] Find view() const;
    // What is wrong with `name` in `environment`, in that view.
    [[nodiscard]] std::vector<Finding> findings(const std::string& name,
                                                const std::string& environment) const;

private:
    [[nodiscard]] DocumentPtr now(const Key& key) const;
    noa::Status apply(const Edit& edit, const Cause& cause);
    noa::Result<noa::Json> edited(const Edit& edit, const DocumentPtr& before) const;
    [[nodiscard]] noa::Status check_value(const Key& key, const noa::Json& value,
                                          const std::string& text) const;
    static noa::Status check_condition(const Edit& edit, const DocumentPtr& before);
    noa::Result<Plan> finish(const std::vector<Edit>& edits, const Cause& cause);
    noa::Status check_room() const;
    noa::Status check_affected(Plan& plan) const;

    const Tables& tables_;
    const PlanLimits& limits_;
    Documents local_;        // what the edits make
    std::vector<Key> order_; // in which they were first touched
};

} // namespace config
