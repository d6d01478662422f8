package amplifybackend

//go:generate go run -C ../../tools ./awsgen -facts awsgen/amplifybackend-ops.json -out ../internal/amplifybackend
