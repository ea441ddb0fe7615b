#include "plan.hpp"

#include <algorithm>
#include <utility>

#include "../check/secrets.hpp"
#include "../store/audit.hpp"
#include "../store/edit.hpp"
#include "json_schema/expected.hpp"
#include "policy.hpp"

namespace config {

namespace {

using noa::Json;

constexpr std::size_t most_findings_told = 3;

std::string where(const Key& key) {
    return key.text() + ": ";
}

bool is_there(const DocumentPtr& document) {
    return document != nullptr && !document->deleted;
}

std::string told(const std::vector<Finding>& findings) {
    std::string text;
    for (std::size_t at = 0; at < std::min(findings.size(), most_findings_told); ++at) {
        text.append(text.empty() ? "" : "; ").append(findings[at].text());
    }
    return findings.size() > most_findings_told
               ? text + " (" + std::to_string(findings.size() - most_findings_told) + " more)"
               : text;
}

// One that does not compile would not be applied either.
std::string fault_of_compiling(const Json& schema) {
    const auto compiled = Schema::compile(schema);
    return compiled ? std::string() : compiled.error().text;
}

// A secret is a text to whoever has its value; what the reference says is as good as any.
Json with_secrets_as_text(const Json& value) {
    if (const std::string* secret = sole_text(value, "$secret")) {
        return *secret;
    }
    Json out = value;
    if (out.is_structured()) {
        for (Json& child : out) {
            child = with_secrets_as_text(child);
        }
    }
    return out;
}

} // namespace

DocumentPtr Planner::now(const Key& key) const {
    const auto local = local_.find(key);
    return local != local_.end() ? local->second : tables_.ahead(key);
}

Find Planner::view() const {
    return [this](const Key& key) {
        DocumentPtr document = now(key);
        return is_there(document) ? document : nullptr;
    };
}

noa::Status Planner::check_condition(const Edit& edit, const DocumentPtr& before) {
    const std::int64_t version = is_there(before) ? before->version : 0;
    const Revision revision = is_there(before) ? before->revision : 0;
    if (edit.if_version && *edit.if_version != version) {
        return noa::failed(where(edit.key) + "conflict: expected version " +
                           std::to_string(*edit.if_version) + ", found " + std::to_string(version));
    }
    if (edit.if_revision && *edit.if_revision != revision) {
        return noa::failed(where(edit.key) + "conflict: expected revision " +
                           std::to_string(*edit.if_revision) + ", found " +
                           std::to_string(revision));
    }
    return {};
}

noa::Result<Json> Planner::edited(const Edit& edit, const DocumentPtr& before) const {
    Json whole = is_there(before) ? before->value : Json::object();
    switch (edit.kind) {
    case Edit::Kind::set: return with_value(std::move(whole), edit.pointer, edit.value);
    case Edit::Kind::unset: return without(std::move(whole), edit.pointer);
    case Edit::Kind::patch: return patched(std::move(whole), edit.value, limits_.document_bytes);
    case Edit::Kind::merge: whole.merge_patch(edit.value); return whole;
    default: return whole;
    }
}

noa::Status Planner::apply(const Edit& edit, const Cause& cause) {
    if (!is_name(edit.key.name) || !(is_name(edit.key.layer) || is_reserved(edit.key.layer))) {
        return noa::invalid("a name and a layer have [a-z0-9_-], 63 at most, and begin with a "
                            "letter or digit");
    }
    const DocumentPtr before = now(edit.key);
    if (noa::Status holds = check_condition(edit, before); !holds) {
        return holds;
    }
    if (edit.kind == Edit::Kind::expect) {
        return {};
    }
    auto after = std::make_unique<Document>();
    after->key = edit.key;
    after->version = before ? before->version + 1 : 1;
    after->updated_at = cause.at;
    after->updated_by = cause.author;
    after->reason = cause.reason;
    if (edit.kind == Edit::Kind::unset && edit.pointer.empty()) {
        if (!is_there(before)) {
            return noa::not_found("no document " + edit.key.text());
        }
        after->deleted = true;
    } else {
        auto value = edited(edit, before);
        if (!value) {
            value.error().text.insert(0, where(edit.key));
            return std::move(value).error();
        }
        after->text = noa::json_text(*value);
        if (noa::Status good = check_value(edit.key, *value, after->text); !good) {
            return good;
        }
        if (is_there(before) && before->text == after->text) {
            return {};
        }
        after->value = *std::move(value);
        after->references =
            is_reserved(edit.key.layer) ? std::vector<std::string>() : references_in(after->value);
    }
    if (!local_.contains(edit.key)) {
        order_.push_back(edit.key);
    }
    local_[edit.key] = std::move(after);
    return {};
}

noa::Status Planner::check_value(const Key& key, const Json& value, const std::string& text) const {
    if (!value.is_object() && !(key.layer == schema_layer && value.is_boolean())) {
        return noa::invalid(where(key) + "/: expected object, found " +
                            noa::json_schema::found_words(&value));
    }
    if (text.size() > limits_.document_bytes) {
        return noa::too_large(where(key) + std::to_string(text.size()) + " bytes, at most " +
                              std::to_string(limits_.document_bytes));
    }
    if (depth_of(value) > deepest_value) {
        return noa::invalid(where(key) + "nested deeper than " + std::to_string(deepest_value));
    }
    const std::string fault = key.layer == schema_layer     ? fault_of_compiling(value)
                              : key.layer == template_layer ? fault_of_template(value)
                              : key.layer == policy_layer   ? fault_of_policy(value)
                                                            : std::string();
    return fault.empty() ? noa::Status() : noa::invalid(where(key) + fault);
}

noa::Result<Plan> Planner::plan(const std::vector<Edit>& edits, const Cause& cause) {
    for (const Edit& edit : edits) {
        if (noa::Status applied = apply(edit, cause); !applied) {
            return std::move(applied).error();
        }
    }
    return finish(edits, cause);
}

// A document that several edits of a transaction touched is changed once.
noa::Result<Plan> Planner::finish(const std::vector<Edit>& edits, const Cause& cause) {
    Plan plan;
    const Revision last = tables_.revision_ahead();
    for (const Key& key : order_) {
        const DocumentPtr before = tables_.ahead(key);
        Document after = *local_[key];
        if (is_there(before) == !after.deleted && (!before || before->text == after.text)) {
            local_[key] = before;
            continue;
        }
        after.version = before ? before->version + 1 : 1;
        after.revision = last + static_cast<Revision>(plan.changes.size()) + 1;
        Change change;
        change.kind = after.deleted && cause.kind == "set" ? "unset" : cause.kind;
        change.patch = after.deleted ? ""
                                     : difference(is_there(before) ? before->value : Json(),
                                                  after.value, after.text);
        change.digest = after.deleted ? "" : sha256(after.text);
        change.cause = cause.message;
        local_[key] = change.after = std::make_unique<const Document>(std::move(after));
        plan.changes.push_back(std::move(change));
    }
    for (Change& change : plan.changes) {
        change.first = last + 1;
        change.last = last + static_cast<Revision>(plan.changes.size());
    }
    for (const Edit& edit : edits) {
        const DocumentPtr document = now(edit.key);
        plan.now.push_back(is_there(document) ? document : nullptr);
    }
    noa::Status good = check_room();
    good = good ? check_affected(plan) : std::move(good);
    return good ? noa::Result<Plan>(std::move(plan)) : noa::Result<Plan>(std::move(good).error());
}

noa::Status Planner::check_room() const {
    std::uint64_t bytes = tables_.bytes();
    std::size_t documents = tables_.size();
    for (const auto& [key, document] : local_) {
        bytes += document ? document->text.size() : 0;
        documents += tables_.ahead(key) ? 0 : 1;
    }
    if (documents > limits_.documents || bytes > limits_.all_bytes) {
        return noa::too_large("the store is full: at most " + std::to_string(limits_.documents) +
                              " documents and " + std::to_string(limits_.all_bytes) + " bytes");
    }
    return {};
}

std::vector<Finding> Planner::findings(const std::string& name,
                                       const std::string& environment) const {
    const Find find = view();
    auto value = Effective(find, limits_.effective).value(name, environment);
    if (!value) {
        if (value.error().status == NOA_E_NOT_FOUND && find({name, environment}) == nullptr &&
            find({name, std::string(base_layer)}) == nullptr) {
            return {};
        }
        return {{"", "references and templates that can be filled in", value.error().text}};
    }
    const auto schema = tables_.compiled(now({name, std::string(schema_layer)}));
    if (schema == nullptr) {
        return {};
    }
    auto found = plain_secrets(schema->text(), *value);
    return found.empty() ? schema->check(with_secrets_as_text(*value)) : found;
}

// What was changed, and all that refers to it, in every environment that it is seen in.
noa::Status Planner::check_affected(Plan& plan) const {
    std::set<std::string> names;
    for (const Change& change : plan.changes) {
        names.insert(change.after->key.name);
        names.merge(tables_.referrers(change.after->key.name));
        if (change.after->key.layer == template_layer) { // anybody's
            for (const auto& [key, document] : tables_.all()) {
                names.insert(key.name);
            }
        }
    }
    for (const std::string& name : names) {
        std::set<std::string> environments = tables_.layers_of(name);
        for (const auto& [key, document] : local_) {
            if (key.name == name && !is_reserved(key.layer)) {
                environments.insert(key.layer);
            }
        }
        for (const std::string_view other : {base_layer, host_layer, override_layer}) {
            environments.erase(std::string(other));
        }
        environments.insert(limits_.environment);
        for (const std::string& environment : environments) {
            if (const auto found = findings(name, environment); !found.empty()) {
                return noa::invalid(
                    std::string(name).append(" in ").append(environment).append(": ") +
                    told(found));
            }
            plan.affected.emplace_back(name, environment);
        }
    }
    return {};
}

} // namespace config
