package cognitoidp

import (
	"maps"
	"slices"

	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

const attrSub = "sub"

// attributeMap are attributes of a request. A value that is not there is the
// empty text, which takes an attribute away.
func attributeMap(list []idp.AttributeType) (map[string]string, error) {
	out := map[string]string{}
	for _, a := range list {
		if _, twice := out[a.Name]; twice {
			return nil, invalid("The attribute %s is given twice.", a.Name)
		}
		out[a.Name] = ""
		if a.Value != nil {
			out[a.Name] = *a.Value
		}
	}
	return out, nil
}

// attributeList are attributes of an answer: sub, and the others by their names.
// Only those of names when it is not empty.
func attributeList(given map[string]string, names []string) []idp.AttributeType {
	out := []idp.AttributeType{}
	order := slices.Sorted(maps.Keys(given))
	if _, ok := given[attrSub]; ok {
		order = slices.DeleteFunc(order, func(name string) bool { return name == attrSub })
		order = slices.Insert(order, 0, attrSub)
	}
	for _, name := range order {
		if len(names) == 0 || slices.Contains(names, name) {
			out = append(out, idp.AttributeType{Name: name, Value: new(given[name])})
		}
	}
	return out
}

func deliveryOf(d *userpool.Delivery) *idp.CodeDeliveryDetailsType {
	if d == nil {
		return nil
	}
	return &idp.CodeDeliveryDetailsType{Destination: d.Destination, DeliveryMedium: d.Medium, AttributeName: d.Attribute}
}

func isTrue(b *bool) bool { return b != nil && *b }
