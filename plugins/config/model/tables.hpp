// The documents in memory: as they are on the disk, and with what is on its way there.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "../store/document.hpp"
#include "../store/store.hpp"
#include "json_schema/schema.hpp"

namespace config {

using noa::json_schema::Finding;
using noa::json_schema::Schema;

// The document of a key that somebody may read; nullptr: there is none.
using Find = std::function<DocumentPtr(const Key&)>;

class Tables {
public:
    void load(const Loaded& loaded);

    // As on the disk; nullptr where there is none, or it was unset.
    [[nodiscard]] DocumentPtr find(const Key& key) const;
    // With what is on its way; also one that was unset.
    [[nodiscard]] DocumentPtr ahead(const Key& key) const;
    [[nodiscard]] Revision revision() const noexcept { return revision_; }
    [[nodiscard]] Revision revision_ahead() const noexcept { return revision_ahead_; }

    void stage(std::span<const Change> changes);
    void committed(std::span<const Change> changes);
    // What is staged was not committed.
    void give_up();
    // Forgets what was unset before that revision.
    void forget(Revision compacted);

    [[nodiscard]] const Documents& all() const noexcept { return documents_; }
    // Of documents, those that were unset included.
    [[nodiscard]] std::size_t size() const noexcept { return documents_.size() + ahead_.size(); }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    // The layers in which `name` has a document, reserved ones aside; with what is on its way.
    [[nodiscard]] std::set<std::string> layers_of(const std::string& name) const;
    // The names of documents that refer to `name`, at any distance; with what is on its way.
    [[nodiscard]] std::set<std::string> referrers(const std::string& name) const;
    // Compiled, and kept for the next time. Nullptr: the document has none that compiles.
    [[nodiscard]] std::shared_ptr<const Schema> compiled(const DocumentPtr& schema) const;

private:
    void put(const DocumentPtr& document);

    Documents documents_;
    Documents ahead_;
    std::set<Key> referring_; // documents with references, on the disk or on their way
    Revision revision_ = 0;
    Revision revision_ahead_ = 0;
    std::uint64_t bytes_ = 0;
    struct Compiled {
        Revision revision;
        std::shared_ptr<const Schema> schema; // owners: this, and a check in progress
    };
    mutable std::map<std::string, Compiled> schemas_; // by name
};

// The names in `{"$config": "name#/pointer"}` and `{"$template": "name", …}` within `value`.
[[nodiscard]] std::vector<std::string> references_in(const noa::Json& value);
// The only key's text where `value` is an object of just that key; nullptr otherwise.
[[nodiscard]] const std::string* sole_text(const noa::Json& value, const char* key);

} // namespace config
