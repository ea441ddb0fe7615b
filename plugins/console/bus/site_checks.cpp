// LanguageTool's API, version 2: what its clients ask goes to the agent drafting.
#include "../api/outcome.hpp"
#include "../http/form.hpp"
#include "../http/target.hpp"
#include "site.hpp"

namespace console {

namespace {

using http::Field;
using http::Method;
using http::Response;

constexpr std::chrono::seconds check_time{30};

// Extensions of browsers check what is written into pages; no page of another site does.
bool is_extension(std::string_view origin) noexcept {
    return origin.starts_with("moz-extension://") || origin.starts_with("chrome-extension://") ||
           origin.starts_with("safari-web-extension://");
}

Response response_of_check(const Answer& answer) {
    if (answer.status != NOA_OK) {
        // As LanguageTool says it.
        return http::failure(answer.status == NOA_E_INVALID ? 400 : http_status(answer.status),
                             "Error: " + answer.text);
    }
    Response response;
    response.body = http::text_of(std::string(answer.body));
    return response;
}

} // namespace

Site::Maybe Site::serve_check(Request& request, const Asker& asker) {
    if (!http::is_own_host(request[Field::host], settings_.hosts)) {
        return http::failure(421, "this host goes by another name: /hosts of the settings");
    }
    const std::string& origin = request[Field::origin];
    if (!origin.empty() && !is_extension(origin) &&
        !http::is_own_origin(origin, request[Field::host])) {
        return http::failure(403, "a page of another origin may not ask here");
    }
    const bool check = request.target.path == "/v2/check";
    const auto answered = [asker](const Answer& answer) {
        asker.answer(response_of_check(answer));
    };
    if (!check && request.target.path != "/v2/languages") {
        return http::failure(404, "/v2/check or /v2/languages");
    }
    if (!check) {
        if (request.method != Method::get && request.method != Method::head) {
            Response response = http::failure(405, "not by this method");
            response.allow = "GET, HEAD";
            return response;
        }
        return ask({"drafting", "languages", "{}", "application/json", check_time}, answered);
    }
    if (request.method != Method::post) {
        Response response = http::failure(405, "not by this method");
        response.allow = "POST";
        return response;
    }
    const std::string_view type = request[Field::content_type];
    if (!http::same_word(type.substr(0, type.find(';')), "application/x-www-form-urlencoded")) {
        return http::failure(415, "Content-Type: application/x-www-form-urlencoded is wanted");
    }
    const auto form = http::parse_form(request.body);
    if (!form) {
        return http::failure(400, "Error: the form is broken, or no UTF-8");
    }
    request.body = std::string();
    return ask({"drafting", "check", noa::json_text(noa::Json{{"form", *form}}), "application/json",
                check_time, request[Field::traceparent]},
               answered);
}

} // namespace console
