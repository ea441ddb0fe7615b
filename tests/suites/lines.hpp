// One JSON a line in, one out.
#pragma once

#include <iostream>
#include <string>

#include <nlohmann/json.hpp>

template <class Answer>
void answer_lines(Answer&& answer) {
    using nlohmann::json;
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << answer(json::parse(line)).dump(-1, ' ', false, json::error_handler_t::replace)
                  << '\n';
    }
}
