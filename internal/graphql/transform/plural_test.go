package transform_test

import (
	"testing"

	"preamp/internal/graphql/transform"
)

// The expected plurals are those of the npm package pluralize 8.0.0.
func TestPlural(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"": "", "Person": "People", "Category": "Categories", "Analysis": "Analyses", "Money": "Monies", "Data": "Data",
		"Sheep": "Sheep", "Quiz": "Quizzes", "Todos": "Todos", "CoreDNA": "CoreDNAS", "A": "AS", "P": "PS", "S": "S",
		"Class2": "Class2s", "bus": "buses", "Status": "Statuses", "Box": "Boxes", "City": "Cities", "Day": "Days",
		"Key": "Keys", "Child": "Children", "children": "children", "Mouse": "Mice", "leaf": "leaves", "Knife": "Knives",
		"Hero": "Heroes", "Photo": "Photos", "Cactus": "Cacti", "Index": "Indices", "Matrix": "Matrices",
		"Criterion": "Criteria", "Datum": "Data", "Axis": "Axes", "Testis": "Testes", "Alias": "Aliases", "Gas": "Gases",
		"Man": "Men", "Woman": "Women", "OX": "OXEN", "ox": "oxen", "Oxen": "Oxen", "Series": "Series", "Fish": "Fish",
		"Chinese": "Chinese", "Pokemon": "Pokemon", "Equipment": "Equipment", "UserData": "UserData", "thou": "you",
		"Me": "Us", "we": "we", "Menu": "Menus", "Serf": "Serfs", "Roof": "Roofs", "Beau": "Beaus", "Cherub": "Cherubim",
		"BlogPost": "BlogPosts", "MEDIA": "MEDIA", "Passerby": "Passersby", "Schema": "Schemata", "Foot": "Feet",
		"HTTPS": "HTTPS", "URL": "URLS", "userId": "userIds", "_x": "_xes",
	} {
		if got := transform.Plural(word); got != want {
			t.Errorf("Plural(%q) = %q, want %q", word, got, want)
		}
	}
}
