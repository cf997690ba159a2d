// An aligned table. Columns that are empty in every row are left out.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "netft/client/terminal.hpp"

namespace netft::client {

enum class Align : std::uint8_t { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
};

struct Cell {
    std::string text;
    Tone tone = Tone::plain;
};

class Table {
 public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // As many cells as columns.
    void add(std::vector<Cell> row);
    bool empty() const { return rows_.empty(); }
    void print(std::ostream& out, bool colour) const;

 private:
    std::vector<std::size_t> widths() const;
    void print_row(std::ostream& out, const std::vector<Cell>& row,
                   const std::vector<std::size_t>& widths, bool colour) const;

    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

}  // namespace netft::client
