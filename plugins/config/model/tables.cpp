#include "tables.hpp"

#include <algorithm>
#include <utility>

namespace config {

namespace {

void collect_references(const noa::Json& value, std::vector<std::string>& out) {
    if (const std::string* reference = sole_text(value, "$config")) {
        out.push_back(reference->substr(0, reference->find('#')));
    }
    if (value.is_structured()) {
        for (const noa::Json& child : value) {
            collect_references(child, out);
        }
    }
}

} // namespace

const std::string* sole_text(const noa::Json& value, const char* key) {
    if (!value.is_object() || value.size() != 1) {
        return nullptr;
    }
    const auto found = value.find(key);
    return found != value.end() && found->is_string() ? &found->get_ref<const std::string&>()
                                                      : nullptr;
}

std::vector<std::string> references_in(const noa::Json& value) {
    std::vector<std::string> out;
    collect_references(value, out);
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

void Tables::load(const Loaded& loaded) {
    *this = {};
    revision_ = revision_ahead_ = loaded.revision;
    for (const auto& [key, document] : loaded.documents) {
        if (document->deleted || is_reserved(key.layer)) {
            put(document);
            continue;
        }
        auto whole = std::make_unique<Document>(*document);
        whole->references = references_in(whole->value);
        put(std::move(whole));
    }
}

void Tables::put(const DocumentPtr& document) {
    DocumentPtr& place = documents_[document->key];
    bytes_ += document->text.size();
    bytes_ -= place ? place->text.size() : 0;
    place = document;
    if (document->references.empty()) {
        referring_.erase(document->key);
    } else {
        referring_.insert(document->key);
    }
}

DocumentPtr Tables::find(const Key& key) const {
    const auto found = documents_.find(key);
    return found != documents_.end() && !found->second->deleted ? found->second : nullptr;
}

DocumentPtr Tables::ahead(const Key& key) const {
    if (const auto staged = ahead_.find(key); staged != ahead_.end()) {
        return staged->second;
    }
    const auto found = documents_.find(key);
    return found != documents_.end() ? found->second : nullptr;
}

void Tables::stage(std::span<const Change> changes) {
    for (const Change& change : changes) {
        ahead_[change.after->key] = change.after;
        revision_ahead_ = change.after->revision;
        if (!change.after->references.empty()) {
            referring_.insert(change.after->key);
        }
    }
}

void Tables::committed(std::span<const Change> changes) {
    for (const Change& change : changes) {
        put(change.after);
        revision_ = change.after->revision;
        if (const auto staged = ahead_.find(change.after->key);
            staged != ahead_.end() && staged->second == change.after) {
            ahead_.erase(staged);
        }
    }
}

void Tables::give_up() {
    ahead_.clear();
    revision_ahead_ = revision_;
    schemas_.clear();
    std::erase_if(referring_, [this](const Key& key) {
        const auto found = documents_.find(key);
        return found == documents_.end() || found->second->references.empty();
    });
}

void Tables::forget(Revision compacted) {
    std::erase_if(documents_, [compacted](const auto& one) {
        return one.second->deleted && one.second->revision <= compacted;
    });
}

std::set<std::string> Tables::layers_of(const std::string& name) const {
    std::set<std::string> layers;
    for (const Documents* table : {&documents_, &ahead_}) {
        for (auto at = table->lower_bound({name, {}}); at != table->end() && at->first.name == name;
             ++at) {
            if (!is_reserved(at->first.layer)) {
                layers.insert(at->first.layer);
            }
        }
    }
    std::erase_if(layers, [&](const std::string& layer) { return ahead({name, layer})->deleted; });
    return layers;
}

std::set<std::string> Tables::referrers(const std::string& name) const {
    std::set<std::string> found;
    std::vector<std::string> open{name};
    while (!open.empty()) {
        const std::string target = std::move(open.back());
        open.pop_back();
        for (const Key& key : referring_) {
            const DocumentPtr document = ahead(key);
            if (document != nullptr &&
                std::ranges::find(document->references, target) != document->references.end() &&
                found.insert(key.name).second) {
                open.push_back(key.name);
            }
        }
    }
    return found;
}

std::shared_ptr<const Schema> Tables::compiled(const DocumentPtr& schema) const {
    if (schema == nullptr || schema->deleted) {
        return nullptr;
    }
    Compiled& kept = schemas_[schema->key.name];
    if (kept.schema == nullptr || kept.revision != schema->revision) {
        auto made = Schema::compile(schema->value);
        kept = {schema->revision, made ? *std::move(made) : nullptr};
    }
    return kept.schema;
}

} // namespace config
