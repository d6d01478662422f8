package wire

//go:generate go run -C ../../../tools ./awsgen -facts awsgen/cognito-identity.json -out ../internal/identitypool/wire
