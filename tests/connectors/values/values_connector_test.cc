#include "connectors/values/values_connector.h"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using ::testing::ElementsAre;

v1::Source SourceWith(const std::string& rows) {
  v1::Source source;
  source.set_connector("values");
  (*source.mutable_options())["rows"] = rows;
  v1::Column& column = *source.add_columns();
  column.set_name("i");
  column.set_type("INT NOT NULL");
  return source;
}

TEST(Values, ARowThatDoesNotFitIsAMistakeOfThePlan) {
  auto connector = MakeValuesConnector();
  EXPECT_THAT(connector->Validate(SourceWith("{\"i\":1}\n\n{\"i\":\"x\"}\n{}\n{\"i\":2}")),
              ElementsAre("values: option 'rows': row 2: column 'i' (INT): \"x\" is not a number",
                          "values: option 'rows': row 3: column 'i' (INT): is missing, but the column is NOT NULL"));
}

TEST(Values, AThousandWrongRowsAreToldForTheFirstFew) {
  std::string rows;
  for (int i = 0; i < 1000; ++i) rows += "nothing\n";
  EXPECT_EQ(MakeValuesConnector()->Validate(SourceWith(rows)).size(), 5u);
}

TEST(Values, OptionsAndMetadataColumnsAreChecked) {
  v1::Source source = SourceWith("");
  source.mutable_options()->clear();
  (*source.mutable_options())["row"] = "{}";
  source.mutable_columns(0)->set_metadata("offset");
  EXPECT_THAT(MakeValuesConnector()->Validate(source),
              ElementsAre("values: there is no option 'row'; did you mean 'rows'?",
                          "values: option 'rows' is missing; give one JSON object a line",
                          "values: column 'i': values have no metadata columns"));
}

TEST(Values, NoLineIsNoRow) {
  SourceSpec spec;
  spec.source = SourceWith(" \n");
  auto connector = MakeValuesConnector();
  auto catalog = *connector->OpenCatalog(spec);
  auto splits = *catalog->ResolveStart(*catalog->ListSplits());
  auto source = *connector->MakeSource(spec);
  ASSERT_TRUE(source->Open(splits, *catalog->SystemId(), [] {}).ok());
  EXPECT_TRUE(source->splits()[0].finished);
  EXPECT_FALSE((*source->Poll()).has_value());
}

TEST(Values, APositionBehindTheRowsIsDataLoss) {
  SourceSpec spec;
  spec.source = SourceWith("{\"i\":1}");
  auto connector = MakeValuesConnector();
  auto catalog = *connector->OpenCatalog(spec);
  auto splits = *catalog->ResolveStart(*catalog->ListSplits());
  splits[0].set_position(2);
  auto source = *connector->MakeSource(spec);
  EXPECT_EQ(source->Open(splits, *catalog->SystemId(), [] {}).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace millrace
